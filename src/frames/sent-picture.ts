import { decodePercent } from "../base/percent.ts";
import { type ClockSet, readClockSet } from "./clock-set.ts";
import type { LostSum, Origin } from "./frame.ts";
import { readLostSum } from "./lost-sum.ts";

/**
 * The `Accept` of a reader that wants heartbeats: a part without a body, `X-Heartbeat: 1`, every 3 s, also while no frames come. So
 * it can tell a stream that is idle from a connection whose other end has vanished.
 */
export const STREAM_ACCEPT = "multipart/x-mixed-replace;heartbeat=1";

/** The headers of a part of a stream. */
export interface SentPicture {
  /** A heartbeat: there is no picture. */
  readonly isHeartbeat: boolean;
  /** Why a placeholder is sent instead of frames. */
  readonly placeholder: string | undefined;
  /** The frame's identity in the stream that sends it; undefined where a camera of another make gives its frames none. */
  readonly identity: { readonly run: string; readonly index: number } | undefined;
  /** End of exposure, epoch ms on the sender's clock, as this package, ustreamer and mjpg-streamer tell it. */
  readonly capturedAt: number | undefined;
  /** The origin of a re-served frame. */
  readonly origin: Origin | undefined;
  /** What the stream that sends it has lost since its run began. */
  readonly lostSum: LostSum | undefined;
  /** How far the camera's clock has been set since the run began. */
  readonly clockSet: ClockSet | undefined;
}

/** @param headers - Names in lower case. Invalid values count as absent. */
export function readSentPicture(headers: ReadonlyMap<string, string>): SentPicture {
  return {
    isHeartbeat: headers.has("x-heartbeat"),
    placeholder: headers.get("x-placeholder"),
    identity: readIdentity(headers.get("x-stream-run"), headers.get("x-frame-index")),
    capturedAt: readTime(headers.get("x-timestamp")),
    origin: readOrigin(headers.get("x-origin")),
    lostSum: readLostSum(headers.get("x-lost")),
    clockSet: readClockSet(headers.get("x-clock-set")),
  };
}

function readOrigin(text: string | undefined): Origin | undefined {
  if (text === undefined) return undefined;
  const fields = new Map(
    text.split(";").map((field) => {
      const [name = "", value = ""] = field.split("=", 2);
      return [name.trim(), decodePercent(value.trim())];
    }),
  );
  const stream = fields.get("stream");
  const identity = readIdentity(fields.get("run"), fields.get("index"));
  const capturedAt = readTime(fields.get("timestamp"));
  if (!stream || !identity || capturedAt === undefined) return undefined;
  return { stream, ...identity, capturedAt };
}

function readIdentity(run?: string, index = ""): SentPicture["identity"] {
  return run && /^\d{1,15}$/.test(index) ? { run, index: Number(index) } : undefined;
}

/** Seconds since 1970. */
function readTime(seconds = ""): number | undefined {
  return /^\d{1,12}(\.\d+)?$/.test(seconds) && Number(seconds) > 0
    ? Number(seconds) * 1000
    : undefined;
}
