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

/** A probe's camera, producer and consumer. */
export interface FrameProbeOptions<E = unknown> extends ProbeLimits {
  /** A stream, or a camera, whose main stream is probed. */
  readonly camera: MJPEGStream | { readonly name: string; readonly mjpeg_stream: MJPEGStream };
  readonly producer: Produce<E> | Producer<E>;
  readonly consumer: Consume<E> | Consumer<E>;
  readonly thingStates?: (() => Record<string, unknown>) | undefined;
  readonly log?: Log | undefined;
}

/** Counters of a probe. */
export interface ProbeCounts extends ConsumerCounts {
  /** Frames passed to the producer. */
  readonly frames: number;
  /** Frames not passed to it, because it had used more than half of the time. */
  readonly skipped: number;
  /** Events found. */
  readonly events: number;
  /** Frames on which it failed. */
  readonly producerFailed: number;
  /** Frames for which it took more than `slowMs`. */
  readonly slow: number;
}

const MOST_EVENTS = 1000; // of one frame
const SLOW_IN_A_ROW = 3; // frames: a single one may be caused by the machine

/**
 * Passes each frame of a camera to a producer, in the tick in which it arrives, and the events it finds to a consumer in the
 * background: pythiags' buffer probe. The camera runs while the probe does.
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

  /** @throws {ThingError} `BAD_ARGUMENT` for an invalid producer, consumer or limit. */
  constructor(options: FrameProbeOptions<E>) {
    const { camera, producer, consumer, thingStates = () => ({}) } = options;
    if (!camera) {
      throw new ThingError("BAD_ARGUMENT", "A probe needs a camera or a stream.");
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

  /** Stops probing, and lets the consumer finish the queue, for at most 2 s. */
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
    if (tookMs > this.#slowMs) this.#reportSlow(tookMs, ended);
    else this.#slowInARow = 0;
    if (events.length === 0) return;
    this.#counts.events += events.length;
    this.#consumer.push({ ...this.#foundIn(frame), events });
  }

  /** The producer's events; none if it fails. */
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

  /** When the run began, epoch ms, if it is still known. */
  #startOf(run: string): number | undefined {
    const { sizes } = this.#stream;
    return sizes.at(sizes.positionOf(run, 0) ?? -1)?.capturedAt;
  }

  #foundIn({ run, index, capturedAt }: Frame): FoundIn {
    return { camera: this.#name, run, index, capturedAt: wallTime(capturedAt) };
  }

  /** While the producer runs, nothing is captured, served or recorded: it gets at most half of the time. */
  #reportSlow(tookMs: number, ended: number): void {
    this.#counts.slow++;
    this.#slowInARow++;
    if (this.#slowInARow >= SLOW_IN_A_ROW) this.#restsUntil = ended + tookMs;
    const took = `The producer of the probe at '${this.#name}' took ${tookMs.toFixed(0)} ms for a frame`;
    const advice = "Let it yield the frame as an event, and do slow work in the consumer";
    this.#complaints.add(
      "producer_slow",
      `${took}; nothing was captured or served meanwhile. It is given fewer frames while it stays slow. ${advice}.`,
    );
  }
}

/** A producer's result as a list. @throws {TypeError} unless it is iterable. */
function listOf<E>(given: unknown): readonly E[] {
  if (given === undefined || given === null) return [];
  if (given instanceof Promise) {
    given.catch(() => {}); // the error below is reported instead
    throw new TypeError(
      "it returned a promise, but must be synchronous. Do slow work in the consumer.",
    );
  }
  if (!isIterable<E>(given)) throw new TypeError("it did not return a list of events.");
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
