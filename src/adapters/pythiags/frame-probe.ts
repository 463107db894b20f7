import { wallTime } from "../../base/clock.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import type { Frame } from "../../frames/frame.ts";
import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { Complaints } from "../complaints.ts";
import { BackgroundConsumer, type ConsumerCounts } from "./background-consumer.ts";
import type { FoundIn, FrameMetadata } from "./events.ts";
import { limitsOf, type ProbeLimits } from "./limits.ts";
import {
  type Consume,
  type Consumer,
  consumeOf,
  type Produce,
  type Producer,
  produceOf,
} from "./producer.ts";

/** What a probe looks at, with what, and who is told. */
export interface FrameProbeOptions<E = unknown> extends ProbeLimits {
  /** A stream, or a camera whose main stream it is. */
  readonly camera: MJPEGStream | { readonly name: string; readonly mjpeg_stream: MJPEGStream };
  readonly producer: Produce<E> | Producer<E>;
  readonly consumer: Consume<E> | Consumer<E>;
  readonly thingStates?: (() => Record<string, unknown>) | undefined;
  readonly log?: Log | undefined;
}

/** What a probe did. */
export interface ProbeCounts extends ConsumerCounts {
  /** Frames that the producer was given. */
  readonly frames: number;
  /** Frames that it was not given, because it had used up more than half of the time. */
  readonly skipped: number;
  /** Events that it found. */
  readonly events: number;
  /** Frames at which it failed. */
  readonly producerFailed: number;
  /** Frames for which it took more than `slowMs`. */
  readonly slow: number;
}

const MOST_EVENTS = 1000; // of one frame
const SLOW_BY_ITSELF = 3; // frames in a row: a single one may be the machine's fault

/**
 * Looks at each frame of a camera, in the tick in which it comes, and hands what it finds to a consumer in the background:
 * pythiags' buffer probe. The camera runs while the probe does.
 */
export class FrameProbe<E = unknown> implements AsyncDisposable {
  readonly #produce: Produce<E>;
  readonly #consumer: BackgroundConsumer<E>;
  readonly #stream: MJPEGStream;
  readonly #name: string;
  readonly #slowMs: number;
  readonly #thingStates: () => Record<string, unknown>;
  readonly #complaints: Complaints;
  readonly #ends: (() => void)[];
  readonly #counts = { frames: 0, skipped: 0, events: 0, producerFailed: 0, slow: 0 };
  #run = { id: "", startedAt: 0 };
  #restsUntil = 0;
  #slowInARow = 0;

  /** @throws {ThingError} `BAD_ARGUMENT` for what is no producer, no consumer, or no limit. */
  constructor(options: FrameProbeOptions<E>) {
    const { camera, producer, consumer, thingStates = () => ({}) } = options;
    if (!camera) {
      throw new ThingError("BAD_ARGUMENT", "A probe looks at a camera or a stream. Give it one.");
    }
    this.#stream = "mjpeg_stream" in camera ? camera.mjpeg_stream : camera;
    this.#name = camera.name || this.#stream.name;
    this.#produce = produceOf(producer);
    this.#slowMs = limitsOf(options).slowMs;
    this.#thingStates = thingStates;
    this.#complaints = new Complaints(options.log ?? silentLog);
    const name = `The consumer of the probe at '${this.#name}'`;
    this.#consumer = new BackgroundConsumer(name, consumeOf(consumer), this.#complaints, options);
    this.#ends = [this.#stream.demand.take(), this.#stream.onFrame((frame) => this.#take(frame))];
  }

  get counts(): ProbeCounts {
    return { ...this.#counts, ...this.#consumer.counts };
  }

  /** Looks no more, and lets the consumer take what waits, for 2 s at most. */
  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    await this.#consumer.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #take(frame: Frame): void {
    const started = performance.now();
    if (started < this.#restsUntil) {
      this.#counts.skipped++;
      return;
    }
    const events = this.#look(frame);
    const ended = performance.now();
    const tookMs = ended - started;
    if (tookMs > this.#slowMs) this.#tellSlow(tookMs, ended);
    else this.#slowInARow = 0;
    if (events.length === 0) return;
    this.#counts.events += events.length;
    this.#consumer.push({ ...this.#foundIn(frame), events });
  }

  /** What the producer finds; nothing when it fails. */
  #look(frame: Frame): readonly E[] {
    this.#counts.frames++;
    try {
      return listOf<E>(this.#produce(frame, this.#metadataOf(frame)));
    } catch (error) {
      this.#counts.producerFailed++;
      const where = `the probe at '${this.#name}' failed at frame ${frame.index}`;
      this.#complaints.add("producer_failed", `The producer of ${where}: ${messageOf(error)}`);
      return [];
    }
  }

  #metadataOf({ run, capturedAt }: Frame): FrameMetadata {
    if (run !== this.#run.id) this.#run = { id: run, startedAt: this.#startOf(run) ?? capturedAt };
    return {
      camera: this.#name,
      seconds: (capturedAt - this.#run.startedAt) / 1000,
      thingStates: this.#thingStates,
    };
  }

  /** When the run began, epoch ms, if that is still known. */
  #startOf(run: string): number | undefined {
    const { sizes } = this.#stream;
    return sizes.at(sizes.positionOf(run, 0) ?? -1)?.capturedAt;
  }

  #foundIn({ run, index, capturedAt }: Frame): FoundIn {
    return { camera: this.#name, run, index, capturedAt: wallTime(capturedAt) };
  }

  /** While it looks, nothing is captured, served or recorded: it gets half of the time at most. */
  #tellSlow(tookMs: number, ended: number): void {
    this.#counts.slow++;
    this.#slowInARow++;
    if (this.#slowInARow >= SLOW_BY_ITSELF) this.#restsUntil = ended + tookMs;
    const took = `The producer of the probe at '${this.#name}' took ${tookMs.toFixed(0)} ms for a frame`;
    const advice = "Let it give the frame as an event, and do what takes time in the consumer";
    this.#complaints.add(
      "producer_slow",
      `${took}, while nothing was captured or served. While it goes on so it is given fewer frames. ${advice}.`,
    );
  }
}

/** What a producer gave, as a list. @throws {TypeError} for what is none. */
function listOf<E>(given: unknown): readonly E[] {
  if (given === undefined || given === null) return [];
  if (given instanceof Promise) {
    given.catch(() => {}); // this sentence is told instead
    throw new TypeError(
      "it gave a promise, and may not wait. Let the consumer do what takes time.",
    );
  }
  if (!isIterable<E>(given)) throw new TypeError("it gave no list of events.");
  const events: E[] = [];
  for (const event of given) {
    events.push(event);
    if (events.length <= MOST_EVENTS) continue;
    throw new TypeError(`it found more than ${MOST_EVENTS} events in one frame.`);
  }
  return events;
}

function isIterable<E>(value: unknown): value is Iterable<E> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}
