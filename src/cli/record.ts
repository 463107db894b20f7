import { join } from "node:path";
import { now, toDateTime, wallTime } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { parseUrl } from "../client/http.ts";
import { MJPEGReader, type RemoteFrame, ThingClient } from "../client/index.ts";
import type { Frame } from "../frames/frame.ts";
import { storeFrame } from "../frames/frame-memory.ts";
import type { RecordingSummary } from "../recording/ledger/ledger.ts";
import { stepsInWords } from "../recording/ledger/verdict.ts";
import { RecordingWriter } from "../recording/write/recording-writer.ts";
import { type ClientIo, isForPeople } from "./client-output.ts";
import type { Target } from "./client-verbs.ts";
import { EXIT } from "./exit-codes.ts";
import { ProgressBar } from "./progress-bar.ts";
import { RemoteTimes } from "./remote-times.ts";

/** How much is recorded, and where to. */
export interface RecordChoices {
  /** How long; until Ctrl-C when absent. */
  readonly seconds?: number;
  /** A folder. */
  readonly out: string;
  /** Of the file, without `.mkv`. */
  readonly name?: string;
  /** Which stream of a Thing. */
  readonly stream?: string;
}

const FIRST_FRAME_MS = 15_000;
const LOOK_EVERY_MS = 1000;
/** Frames that were captured in time may arrive this much late. */
const LATE_MS = 1000;
/** What a Thing says of its rate is waited for so long. */
const RATE_MS = 2000;
/** With less of the rate that its Thing states, a recording lacks exposures. */
const SLOW = 0.98;
/** What is left free on the disk. */
const ROOM = { reserveBytes: 500e6, quotaBytes: Number.POSITIVE_INFINITY };

/**
 * Records an MJPEG stream as it comes, frame by frame, with the identities that the server gives.
 * @throws {ThingError} `NO_FRAME` when none comes within 15 s; `RECORDING_FAILED`.
 */
export async function record(io: ClientIo, target: Target, choices: RecordChoices): Promise<void> {
  const stream = await streamAt(target, choices.stream, io.signal);
  const recording = new RemoteRecording(stream, target, choices);
  const bar = isForPeople(io) ? new ProgressBar(io.err) : undefined;
  const telling = setInterval(() => bar?.show(...recording.progress), 200);
  try {
    const summary = await recording.run(io.signal);
    bar?.clear();
    tell(io, await recording.path, summary, stream.expectedFps);
    if (summary.ended !== "stopped") process.exitCode = EXIT.failed;
    else if (choices.seconds !== undefined && io.signal.aborted) process.exitCode = EXIT.cancelled;
  } finally {
    clearInterval(telling);
    bar?.clear();
  }
}

/** A stream on its way from a server to the disk. */
class RemoteRecording {
  readonly #url: string;
  readonly #choices: RecordChoices;
  readonly #reader: MJPEGReader;
  readonly #ending = new AbortController();
  readonly #writer: RecordingWriter;
  #refused = 0;
  /** How many frames of a run were taken that has no numbers of its own. */
  readonly #taken = new Map<string, number>();
  /** The first frame's time, and when it came, on the clock of `now()`. */
  #first: { readonly capturedAt: number; readonly cameAt: number } | undefined;
  readonly #times = new RemoteTimes((step) => this.#writer.noteStep(step));
  #placeholder = "";

  constructor({ url, expectedFps }: FoundStream, { credentials }: Target, choices: RecordChoices) {
    this.#url = url;
    this.#choices = choices;
    this.#reader = new MJPEGReader(url, {
      every: true,
      reconnect: true,
      signal: this.#ending.signal,
      onPlaceholder: (reason) => {
        this.#placeholder = reason;
      },
      ...(credentials && { credentials }),
    });
    const title = titleOf(url);
    const time = toDateTime(wallTime()).replace(/[-:]|\.\d+/g, "");
    this.#writer = new RecordingWriter({
      path: join(choices.out, `${choices.name ?? `${title}_${time}`}.mkv`),
      camera: title,
      reason: "thingscope record",
      room: ROOM,
      clock: "wall",
      expectedFps,
      settings: { url: withoutQuery(url) },
      refused: () => this.#refused + this.#reader.stats.refused,
    });
  }

  get path(): Promise<string> {
    return this.#writer.opened;
  }

  /** How far it is, 0 to 1, and in words. */
  get progress(): [fraction: number, message: string] {
    const { written, dropped } = this.#writer.stats;
    const { seconds } = this.#choices;
    const passed = this.#first ? (now() - this.#first.cameAt) / 1000 : 0;
    const fraction = seconds === undefined ? 0 : Math.min(1, passed / seconds);
    const lost = dropped > 0 ? `, ${dropped} lost` : "";
    return [fraction, `${passed.toFixed(1)} s, ${written} frames${lost}`];
  }

  /** Records until it is over, or `signal` aborts. */
  async run(signal: AbortSignal): Promise<RecordingSummary> {
    await this.#writer.opened;
    const end = () => this.#ending.abort();
    signal.addEventListener("abort", end);
    const looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    const patience = setTimeout(() => this.#first ?? end(), FIRST_FRAME_MS);
    try {
      if (!signal.aborted) await this.#take();
    } finally {
      clearInterval(looking);
      clearTimeout(patience);
      signal.removeEventListener("abort", end);
      await this.#writer.close();
    }
    if (!this.#first && !signal.aborted) throw this.#noFrame();
    return this.#writer.ended;
  }

  async #take(): Promise<void> {
    for await (const received of this.#reader) {
      const frame = this.#frameOf(received);
      if (!frame) continue;
      this.#first ??= { capturedAt: frame.capturedAt, cameAt: now() };
      if (this.#isAfterEnd(frame, this.#first)) return;
      this.#writer.add(frame);
      if (this.#writer.endReason !== undefined) return;
    }
  }

  /** By its own time; a clock over there that runs too fast ends nothing before it is time here. */
  #isAfterEnd({ capturedAt }: Frame, first: { capturedAt: number; cameAt: number }): boolean {
    const { seconds = Number.POSITIVE_INFINITY } = this.#choices;
    const isOver = capturedAt - first.capturedAt > seconds * 1000;
    return isOver && now() - first.cameAt > seconds * 1000 - LATE_MS;
  }

  #frameOf(received: RemoteFrame): Frame | undefined {
    const { jpeg, run, numberedBy } = received;
    const taken = this.#taken.get(run) ?? 0;
    const index = numberedBy === "server" ? received.index : taken;
    try {
      const times = { capturedAt: this.#times.of(received), clockSet: received.clockSet };
      const { frame } = storeFrame(jpeg, { run, index, ...times });
      this.#taken.set(run, taken + 1);
      return frame;
    } catch {
      this.#refused += 1;
      return undefined;
    }
  }

  /** Ends when time is up, or the recording has ended by itself, though no frame comes. */
  #look(): void {
    const { seconds } = this.#choices;
    const over = this.#first && seconds && this.#first.cameAt + seconds * 1000 + LATE_MS;
    if ((over && now() > over) || this.#writer.endReason !== undefined) this.#ending.abort();
  }

  #noFrame(): ThingError {
    const why = this.#placeholder ? `it says: ${this.#placeholder}` : "it gives no reason";
    return new ThingError("NO_FRAME", `${withoutQuery(this.#url)} gave no frame in 15 s; ${why}.`);
  }
}

interface FoundStream {
  readonly url: string;
  /** Frames a second that its Thing says it is set to give. */
  readonly expectedFps?: number | undefined;
}

/** The stream that an address means: itself, or one of the Thing that it describes. */
async function streamAt(
  { url: text, credentials }: Target,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<FoundStream> {
  const url = text.includes("://") ? text : `http://${text}`;
  const { pathname, search } = parseUrl(url);
  if (!pathname.endsWith("/") || search || (pathname === "/" && !wanted)) return { url };
  const thing = await ThingClient.connect(url, { credentials, signal });
  const { td, title } = thing;
  const links = Array.isArray(td.links) ? td.links : [];
  const streams = links.flatMap(({ type, href }: { type?: unknown; href?: unknown }) =>
    type === "multipart/x-mixed-replace" ? [new URL(String(href), url).href] : [],
  );
  const found = wanted ? streams.find((one) => one.endsWith(`/${wanted}`)) : streams[0];
  if (found) return { url: found, expectedFps: await framerateOf(thing) };
  const names = streams.map((one) => one.slice(one.lastIndexOf("/") + 1)).join(", ") || "none";
  throw new ThingError(
    "BAD_ARGUMENT",
    `Thing '${title}' has no stream${wanted ? ` '${wanted}'` : ""}. It has: ${names}.`,
  );
}

/** What a Thing says of its rate: a Thing that does not is recorded all the same. */
async function framerateOf({ td, properties }: ThingClient): Promise<number | undefined> {
  const signal = AbortSignal.timeout(RATE_MS);
  for (const name of ["framerate", "mode"]) {
    if (!Object.hasOwn(Object(td.properties), name)) continue;
    const value: unknown = await properties[name]?.read({ signal }).catch(() => undefined);
    const rate = typeof value === "object" ? Reflect.get(value ?? {}, "framerate") : value;
    if (typeof rate === "number" && rate > 0) return rate;
  }
  return undefined;
}

/** `camera-mjpeg_stream`, or the host of an address without a path. */
function titleOf(url: string): string {
  const { pathname, host } = parseUrl(url);
  const words = pathname.split("/").slice(-2).join("-");
  return (words.replaceAll(/^-|[^\w-]/g, "") || host.replaceAll(/\W/g, "-")).slice(0, 60);
}

/** Passwords and signatures stand in the parts that are left out. */
function withoutQuery(url: string): string {
  const { origin, pathname } = parseUrl(url);
  return origin + pathname;
}

function tell(io: ClientIo, file: string, summary: RecordingSummary, expectedRate?: number): void {
  const { first = 0, last = 0, written, refused, ended, bytes, rate, longestGap } = summary;
  const { clockSteps } = summary;
  const seconds = (last - first) / 1000;
  const dropped = summary.captured - written;
  if (isForPeople(io)) {
    const lost = dropped === 0 ? "none was lost" : `${dropped} were lost: see its ledger`;
    const isSlow = rate !== undefined && expectedRate && rate < SLOW * expectedRate;
    const slow = isSlow ? `, but it has ${rate.toFixed(1)} of ${expectedRate} frames/s` : "";
    const set = clockSteps.length > 0 ? `; a clock was set ${stepsInWords(clockSteps)}` : "";
    const how = ended === "stopped" ? "" : `. It ended early: ${ended}`;
    io.out.write(
      `${file}: ${written} frames over ${seconds.toFixed(1)} s, ${lost}${slow}${set}${how}.\n`,
    );
  } else {
    const gap = longestGap && Math.round(longestGap.ms * 1000) / 1e6;
    const paces = { rate, expected_rate: expectedRate, longest_gap: gap };
    const steps = { clock_steps: clockSteps.map((byMs) => byMs / 1000) };
    const line = {
      file,
      frames: written,
      seconds,
      ...paces,
      dropped,
      refused,
      ...steps,
      ended,
      bytes,
    };
    io.out.write(`${JSON.stringify(line)}\n`);
  }
}
