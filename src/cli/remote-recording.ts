import { join } from "node:path";
import type { Attempt } from "../base/attempt.ts";
import { now, toDateTime, wallTime } from "../base/clock.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { Supervisor } from "../base/supervise.ts";
import { authorizationOf, bareUrl, type Credentials, parseUrl } from "../client/http.ts";
import { MJPEGReader } from "../client/index.ts";
import type { Frame, SourceLoss } from "../frames/frame.ts";
import { roomForJpeg, storeMended } from "../frames/frame-memory.ts";
import type { FrameSink, SourceFrame } from "../frames/frame-source.ts";
import { JpegMender } from "../frames/jpeg/mended-jpeg.ts";
import { MemoryPool } from "../frames/memory-pool.ts";
import type { StoredFrame } from "../frames/stored-picture.ts";
import type { RecordingSummary } from "../recording/ledger/ledger.ts";
import { RecordingWriter } from "../recording/write/recording-writer.ts";
import { HttpRefusal } from "../sources/http-get.ts";
import { loginIn } from "../sources/http-login.ts";
import { MjpegHttpSource } from "../sources/mjpeg-http.ts";
import { MAX_FRAME_BYTES } from "../streams/stream-options.ts";
import { RemoteTimes } from "./remote-times.ts";
import { loginOf, ownFetch } from "./stream-at.ts";

/** A stream of another server, and how much of it is recorded where. */
interface RemoteRecordingOptions {
  readonly url: string;
  readonly credentials: Credentials | undefined;
  /** Frames a second that its Thing says it is set to give. */
  readonly expectedFps?: number | undefined;
  /** How long; until it is ended when absent. */
  readonly seconds?: number | undefined;
  /** A folder. */
  readonly out: string;
  /** Of the file, without `.mkv`. */
  readonly name?: string | undefined;
  /** Its https certificate, if nobody vouches for it: the SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string | undefined;
  /** Longest silence of the server, ms, after which the connection is made again; 10,000 by default. */
  readonly silentMs?: number | undefined;
  /** Longest wait for the first frame, ms; 15,000 by default. */
  readonly firstFrameMs?: number | undefined;
}

const FIRST_FRAME_MS = 15_000;
const SILENT_MS = 10_000;
const LOOK_EVERY_MS = 1000;
/** Frames that were captured in time may arrive this much late. */
const LATE_MS = 1000;
/** How long the client is asked why a server refuses. */
const EXPLAIN_MS = 10_000;
const PAUSES = { firstMs: 250, longestMs: 5000 };
const PASSING: readonly number[] = [408, 429, 502, 503, 504]; // answers that ask to come back
/** What is left free on the disk. */
const ROOM = { reserveBytes: 500e6, quotaBytes: Number.POSITIVE_INFINITY };

/** A stream on its way from a server to the disk: the source and the writer of a Recorder, with the identities that the server gives. */
export class RemoteRecording {
  readonly #options: RemoteRecordingOptions;
  readonly #source: MjpegHttpSource;
  readonly #ending = new AbortController();
  readonly #writer: RecordingWriter;
  readonly #memory = new MemoryPool();
  readonly #mender = new JpegMender();
  /** Where the next picture is received. */
  #room: ArrayBufferLike | undefined;
  #refused = 0;
  #connections = 0;
  /** How many frames of the present connection were taken that its server gives no identity. */
  #unnamed = 0;
  /** When the newest good picture came, or the connection was made, on the clock of `now()`. */
  #goodAt = now();
  /** The first frame's time, and when it came, on the clock of `now()`. */
  #first: { readonly capturedAt: number; readonly cameAt: number } | undefined;
  readonly #times = new RemoteTimes((step) => this.#writer.noteStep(step));
  #noFrames = "it gives no reason";
  /** What the server has said in place of frames since the newest one. */
  #outage: readonly SourceLoss[] = [];

  constructor(options: RemoteRecordingOptions) {
    const { url, credentials, expectedFps, out, name, silentMs } = options;
    this.#options = options;
    this.#source = new MjpegHttpSource(url, {
      ...sentLogin(credentials),
      ...{ trust: options.trust, maxFrameBytes: MAX_FRAME_BYTES },
      ...{ startMs: silentMs, stallMs: silentMs },
      onOpen: () => {
        this.#connections += 1;
        this.#unnamed = 0;
        this.#goodAt = now();
      },
      onPlaceholder: (reason) => {
        this.#noFrames = `it says: ${reason}`;
        this.#outage = [{ what: "outage", count: 0, why: reason }];
      },
    });
    const title = titleOf(url);
    const time = toDateTime(wallTime()).replace(/[-:]|\.\d+/g, "");
    this.#writer = new RecordingWriter({
      path: join(out, `${name ?? `${title}_${time}`}.mkv`),
      camera: title,
      reason: "thingscope record",
      room: ROOM,
      clock: "wall",
      expectedFps,
      settings: { url: this.#source.address },
      refused: () => this.#refused,
    });
  }

  get path(): Promise<string> {
    return this.#writer.opened;
  }

  /** How far it is, 0 to 1, where its end is known, and in words. */
  get progress(): [fraction: number | undefined, message: string] {
    const { written, dropped } = this.#writer.stats;
    const { seconds } = this.#options;
    if (!this.#first) return [undefined, "waiting for the first frame"];
    const passed = (now() - this.#first.cameAt) / 1000;
    const fraction = seconds && Math.min(1, passed / seconds);
    const lost = dropped > 0 ? `, ${dropped} lost` : "";
    const shown = seconds === undefined ? elapsed(passed) : `${passed.toFixed(1)} s`;
    return [fraction, `${shown}, ${written} frames${lost}`];
  }

  /**
   * Records until it is over, or `signal` aborts.
   * @throws {ThingError} `NO_FRAME` when none comes within `firstFrameMs`; `RECORDING_FAILED`. {ClientError} when the server refuses.
   */
  async run(signal: AbortSignal): Promise<RecordingSummary> {
    await this.#writer.opened;
    const end = () => this.#ending.abort();
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    const looking = setInterval(() => this.#look(), LOOK_EVERY_MS);
    const patience = setTimeout(() => this.#first ?? end(), this.#firstFrameMs);
    try {
      await this.#receive();
    } finally {
      clearInterval(looking);
      clearTimeout(patience);
      signal.removeEventListener("abort", end);
      await this.#writer.close();
    }
    if (!this.#first && !signal.aborted) throw this.#noFrame();
    return this.#writer.ended;
  }

  /** Over as many connections as it takes. */
  async #receive(): Promise<void> {
    let refusal: unknown;
    const mayPass = (error: unknown) => {
      const isOver = error instanceof HttpRefusal && !PASSING.includes(error.answered);
      if (this.#connections > 0 && !isOver) return true;
      refusal = error;
      return false;
    };
    const run = (attempt: Attempt) => this.#source.run(this.#sinkOf(attempt), attempt.signal);
    const { signal } = this.#ending;
    const onFailure = ({ error }: { error: unknown }) => this.#noteFailure(error);
    const receiving = new Supervisor(run, { pauses: PAUSES, mayPass, onFailure, signal });
    receiving.start();
    await receiving.finished;
    if (refusal) throw await this.#inWordsOfServer(refusal);
  }

  #sinkOf(attempt: Attempt): FrameSink {
    return {
      hasRoom: true,
      isSilent: false,
      room: (bytes) => {
        const room = roomForJpeg(bytes, this.#memory);
        this.#room = room.buffer;
        return room;
      },
      take: (frame) => {
        this.#take(frame, attempt);
        return !this.#ending.signal.aborted;
      },
      lost: () => {}, // the numbers of the frames tell
    };
  }

  #take(received: SourceFrame, attempt: Attempt): void {
    const stored = this.#stored(received);
    if (!stored) this.#endWorthless(attempt);
    if (!stored || this.#ending.signal.aborted) return;
    attempt.heartbeat();
    this.#goodAt = now();
    const frame = stored.lend();
    stored.release();
    this.#first ??= { capturedAt: frame.capturedAt, cameAt: now() };
    if (this.#isAfterEnd(frame, this.#first)) this.#ending.abort();
    else this.#writer.add(frame, () => stored.release());
    if (this.#writer.endReason !== undefined) this.#ending.abort();
  }

  /** A connection on which no picture is good is as silent as one without pictures: another one may be better. */
  #endWorthless(attempt: Attempt): void {
    const { silentMs = SILENT_MS } = this.#options;
    if (silentMs === 0 || now() - this.#goodAt < silentMs) return;
    const seconds = silentMs / 1000;
    const sentence = `All pictures of the last ${seconds} s were refused: ${this.#noFrames}`;
    attempt.fail(new ThingError("SOURCE_FAILED", sentence));
  }

  #stored({ jpeg, sent, lossesBefore: lost = [] }: SourceFrame): StoredFrame | undefined {
    const { run, index } = sent?.identity ?? {
      run: `reader-${this.#connections}`,
      index: this.#unnamed,
    };
    const isInRoom = jpeg.buffer === this.#room;
    this.#room = undefined;
    const numberedBy = sent?.identity ? "server" : "reader";
    const times = { capturedAt: sent?.capturedAt, receivedAt: wallTime(), numberedBy } as const;
    try {
      const own = { run, index, capturedAt: this.#times.of(times) };
      const { origin, clockSet } = sent ?? {}; // of the camera, where another server shows its frames
      const lossesBefore = [...this.#outage, ...lost];
      const identity = { ...own, origin, lossesBefore, clockSet };
      const stored = storeMended(jpeg, identity, this.#mender, { pool: this.#memory, isInRoom });
      if (!sent?.identity) this.#unnamed += 1;
      this.#outage = [];
      return stored;
    } catch (error) {
      this.#refused += 1;
      this.#noFrames = messageOf(error);
      return undefined;
    }
  }

  /** By its own time; a clock over there that runs too fast ends nothing before it is time here. */
  #isAfterEnd({ capturedAt }: Frame, first: { capturedAt: number; cameAt: number }): boolean {
    const { seconds = Number.POSITIVE_INFINITY } = this.#options;
    const isOver = capturedAt - first.capturedAt > seconds * 1000;
    return isOver && now() - first.cameAt > seconds * 1000 - LATE_MS;
  }

  /** Ends when time is up, or the recording has ended by itself, though no frame comes. */
  #look(): void {
    const { seconds } = this.#options;
    const over = this.#first && seconds && this.#first.cameAt + seconds * 1000 + LATE_MS;
    if ((over && now() > over) || this.#writer.endReason !== undefined) this.#ending.abort();
  }

  #noteFailure(error: unknown): void {
    this.#noFrames = messageOf(error);
  }

  /** The client reads what a server says of a refusal, and knows what that means for the exit code. */
  async #inWordsOfServer(refusal: unknown): Promise<unknown> {
    if (!(refusal instanceof HttpRefusal)) return refusal; // its own sentence says what to do
    const { url, credentials, trust } = this.#options;
    const signal = AbortSignal.timeout(EXPLAIN_MS);
    const login = loginOf(credentials) ?? loginIn(parseUrl(url));
    const reader = new MJPEGReader(bareUrl(url), {
      ...{ signal, credentials: login ? undefined : credentials },
      ...ownFetch(parseUrl(url), login, trust),
    });
    try {
      await reader[Symbol.asyncIterator]().next();
      return refusal;
    } catch (error) {
      return error;
    }
  }

  get #firstFrameMs(): number {
    return this.#options.firstFrameMs ?? FIRST_FRAME_MS;
  }

  #noFrame(): ThingError {
    const why = this.#noFrames.replace(/\.$/, "");
    return new ThingError(
      "NO_FRAME",
      `${this.#source.address} delivered no frame within ${this.#firstFrameMs / 1000} s: ${why}.`,
    );
  }
}

/** A name and password are sent as the server wants them, a token at once. */
function sentLogin(credentials: Credentials | undefined) {
  if (credentials && "username" in credentials) return { login: credentials };
  return { authorization: authorizationOf(credentials) };
}

/** `camera-mjpeg_stream`, or the host of an address without a path. */
function titleOf(url: string): string {
  const { pathname, host } = parseUrl(url);
  const words = pathname.split("/").slice(-2).join("-");
  return (words.replaceAll(/^-|[^\w-]/g, "") || host.replaceAll(/\W/g, "-")).slice(0, 60);
}

/** `12 s`, `3:05` minutes, `1:03:05` hours. */
function elapsed(seconds: number): string {
  const whole = Math.floor(seconds);
  const two = (value: number) => String(value).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  if (hours > 0) return `${hours}:${two(minutes)}:${two(whole % 60)}`;
  return minutes > 0 ? `${minutes}:${two(whole % 60)}` : `${whole} s`;
}
