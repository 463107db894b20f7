import { now, toDateTime, wallTime } from "../../base/clock.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { Stateful } from "../../core/thing-state.ts";
import { frameRates } from "../../streams/frame-rates.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { SourcePhase, SourceStatus } from "../../streams/source-state.ts";

/** How a stream does at one moment. */
export interface StreamHealth {
  /** What its source does, as everywhere. */
  readonly state: SourcePhase;
  /** Why it gives no frames, where it should. */
  readonly reason?: string;
  /** Since when its source has been in this state, RFC 3339. */
  readonly since?: string;
  /** Why its frames cannot be made smaller, as long as that is so. */
  readonly encodeFault?: string;
  /** Frames arrive as often as they did. */
  readonly running: boolean;
  /** Since the newest frame was captured, seconds; null when there is none. */
  readonly age: number | null;
  /** Frames a second, over the last seconds. */
  readonly rate: number;
  /** Mean absolute deviation of the times between frames, ms; null when there are too few. */
  readonly jitter: number | null;
  /** Bytes of pictures a second. */
  readonly bytesPerSecond: number;
  readonly viewers: number;
  /** Viewers, readers, recorders and encodes that want frames. */
  readonly demand: number;
}

type Life = Pick<Stateful, "state" | "reason" | "since">;

/** A frame is late when this many have not come, but never sooner than 2 s, nor later than a minute. */
const LATE_PERIODS = 5;
const SOONEST_LATE_MS = 2000;
const LATEST_LATE_MS = 60_000;

/** @param life - Of the Thing that the stream belongs to: one that is not open gives no frames, and its reason is the stream's. */
export function streamHealthOf(stream: MJPEGStream, life: Life, at = now()): StreamHealth {
  const { ageMs, periodMs, rate, jitterMs, bytesPerSecond } = frameRates(stream.sizes, at);
  const lateMs = Math.min(
    Math.max(LATE_PERIODS * (periodMs ?? 0), SOONEST_LATE_MS),
    LATEST_LATE_MS,
  );
  const running = stream.streaming && ageMs <= lateMs;
  const { encodeFault, viewers } = stream.stats;
  return {
    ...(encodeFault !== undefined && { encodeFault }),
    ...(faultOf(life) ?? statusOf(stream, running)),
    running,
    age: Number.isFinite(ageMs) ? ageMs / 1000 : null,
    rate,
    jitter: jitterMs ?? null,
    bytesPerSecond,
    viewers,
    demand: stream.demand.count,
  };
}

function faultOf({ state, reason = "", since }: Life): SourceStatus | undefined {
  if (state !== "failed" && state !== "disconnected") return undefined;
  return { state, reason, since: toDateTime(wallTime(since)) };
}

/** What a stream's source does; of one whose producer adds frames as it likes, what its frames tell. */
function statusOf(
  { source, sharesSource, streaming, demand, newest }: MJPEGStream,
  running: boolean,
): SourceStatus {
  if (source.isFed) {
    const rests = sharesSource && source.state === "streaming" && !running && !demand.active;
    return rests ? { state: "idle" } : source.status;
  }
  if (running) return { state: "streaming" };
  if (!streaming || !demand.active) return { state: "idle" };
  if (!newest) return { state: "opening" };
  return {
    state: "stalled",
    reason: "Frames have stopped arriving. Check the code that adds them.",
  };
}

export interface HostedStream {
  readonly thing: string;
  /** The affordance. */
  readonly name: string;
  readonly stream: MJPEGStream;
  readonly life: Stateful;
}

/** Every stream of every Thing. */
export function hostedStreams(host: ThingHost): HostedStream[] {
  return [...host.things.values()].flatMap((hosted) =>
    [...hosted.model.streams.keys()].flatMap((name) => {
      const stream = hosted.streamOf(name);
      return stream instanceof MJPEGStream
        ? [{ thing: hosted.name, name, stream, life: hosted }]
        : [];
    }),
  );
}
