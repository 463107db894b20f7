import { type Static, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { event, property, setting, slot } from "../../core/decorators.ts";
import { ThingEvent } from "../../core/event.ts";
import { Thing } from "../../core/thing.ts";
import type { Frame } from "../../frames/frame.ts";
import { Camera } from "../../instruments/camera.ts";
import { Complaints } from "../complaints.ts";
import { acceptedOptions } from "../options.ts";
import { BackgroundConsumer } from "./background-consumer.ts";
import type { FoundIn, FrameMetadata } from "./events.ts";
import { FrameProbe } from "./frame-probe.ts";
import { HttpWriter } from "./http-writer.ts";
import type { ProbeLimits } from "./limits.ts";
import { LogFileWriter } from "./log-file-writer.ts";
import {
  type Consume,
  type Consumer,
  consumeOf,
  type Produce,
  type Producer,
  produceOf,
} from "./producer.ts";

/** The schema of ProbeOptions. */
const Options = Type.Object({
  producer: Type.Optional(Type.Unknown()),
  consumer: Type.Optional(Type.Unknown()),
  file: Type.Optional(Type.String({ minLength: 1 })),
  url: Type.Optional(Type.String()),
  log: Type.Optional(Type.Boolean()),
  queue: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
  patience_s: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3600 })),
  slow_ms: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
});

const Count = (description: string) => Type.Integer({ minimum: 0, description });

/** Counters of a Probe since it was opened. */
const Counts = Type.Object({
  frames: Count("Frames passed to the producer"),
  skipped: Count("Frames skipped because the producer had used more than half of the time"),
  events: Count("Events found"),
  producerFailed: Count("Frames on which the producer failed"),
  slow: Count("Frames for which the producer took too long"),
  consumed: Count("Frames whose events were consumed"),
  dropped: Count("Frames whose events were dropped because the consumer was too slow"),
  failed: Count("Frames on whose events the consumer failed"),
  untold: Count("Frames whose events were not written to the file or URL"),
});
type Counts = Static<typeof Counts>;

/** The events of one frame. */
const Detections = Type.Object({
  camera: Type.String(),
  run: Type.String(),
  index: Type.Integer({ minimum: 0 }),
  capturedAt: Type.Number({ unit: "ms", description: "Capture time of the frame, since 1970" }),
  events: Type.Array(Type.Unknown()),
});
type Detections = Static<typeof Detections>;

/** Options of a Probe. */
export interface ProbeOptions {
  /** Finds events in frames. A subclass may override `produce` instead. */
  readonly producer?: Produce | Producer;
  /** Receives the events before clients do. A subclass may override `consume` instead. */
  readonly consumer?: Consume | Consumer;
  /** A file for the events, one line of JSON each. */
  readonly file?: string;
  /** A URL to which events are posted as JSON. */
  readonly url?: string;
  /** Whether events are also logged. */
  readonly log?: boolean;
  /** Frames whose events may be queued for the consumer, the file and the URL each. Default 100. */
  readonly queue?: number;
  /** How long the consumer may take for one frame, s. Default 10. */
  readonly patience_s?: number;
  /** How long the producer may take before a warning is logged, ms. Default 10. */
  readonly slow_ms?: number;
}

/** Finds events in the frames of a camera, and reports them to clients, a file, a URL and the log. */
export class Probe extends Thing {
  static override readonly title: string = "Probe";
  static override readonly description: string =
    "Finds events in the frames of a camera and reports them.";
  readonly #limits: ProbeLimits;
  readonly #produce: Produce | undefined;
  readonly #consume: Consume | undefined;
  readonly #writers: readonly { readonly what: string; readonly writer: Consumer }[];
  readonly #inLog: boolean;
  #probe: FrameProbe | undefined;
  #reporters: readonly BackgroundConsumer[] = [];
  #stopping: Promise<unknown> | undefined;
  #past: Counts = NONE;
  #isOpen = false;
  #active = true;

  @slot("The camera whose frames are examined", Camera)
  accessor camera!: Camera;

  @event("Events were found in a frame", Detections)
  readonly detections = new ThingEvent<Detections>();

  /** @throws {ThingError} `BAD_ARGUMENT` without a producer, or for an invalid option. */
  constructor(options: ProbeOptions = {}) {
    super();
    acceptedOptions(Options, options, "A Probe");
    const { producer, consumer, file, url, log = false, queue, patience_s, slow_ms } = options;
    this.#limits = { queue, patienceSec: patience_s, slowMs: slow_ms };
    this.#produce = producer && produceOf(producer);
    this.#consume = consumer && consumeOf(consumer);
    if (!producer && this.produce === Probe.prototype.produce) throw noProducer();
    this.#writers = [
      ...(file === undefined
        ? []
        : [{ what: "file", writer: new LogFileWriter(file, { serializer: lineOf }) }]),
      ...(url === undefined ? [] : [{ what: "address", writer: new HttpWriter(url) }]),
    ];
    this.#inLog = log;
  }

  @property("Counters since it was opened", Counts, { readOnly: true })
  get counts(): Counts {
    const now = this.#probe ? { ...this.#probe.counts, untold: 0 } : NONE;
    const lost = this.#reporters.map(({ counts }) => counts.dropped + counts.failed);
    const untold = lost.reduce((sum, one) => sum + one, 0);
    return { ...sumOf(this.#past, now), untold };
  }

  @setting("Whether it examines frames. The camera runs meanwhile", Type.Boolean())
  get active(): boolean {
    return this.#active;
  }

  set active(active: boolean) {
    this.#active = active;
    this.#adapt();
  }

  override open(): void {
    this.#past = NONE;
    const complaints = new Complaints(this.log);
    this.#reporters = this.#writers.map(({ what, writer }) => {
      const name = `The ${what} of '${this.name}'`;
      return new BackgroundConsumer(name, consumeOf(writer), complaints, this.#limits);
    });
    this.#isOpen = true;
    this.#adapt();
  }

  override async close(): Promise<void> {
    this.#isOpen = false;
    this.#adapt();
    await this.#stopping;
    await Promise.all(this.#reporters.map((consumer) => consumer.stop()));
  }

  /** Examines a frame in the tick in which it arrives; must be fast and synchronous. @returns The events, if any. */
  protected produce(frame: Frame, metadata: FrameMetadata): Iterable<unknown> | undefined {
    return this.#produce?.(frame, metadata);
  }

  /** Receives a frame's events in the background and reports them. An override may call `tell` with more or fewer. */
  protected async consume(...[events, of]: Parameters<Consume>): Promise<void> {
    await this.#consume?.(events, of);
    this.tell(events, of);
  }

  /**
   * Reports a frame's events to clients, and to the file, URL and log if configured.
   * @throws {ThingError} `BAD_ARGUMENT` for more than 100 kB of JSON. @throws {TypeError} for values that JSON cannot hold.
   */
  protected tell(events: readonly unknown[], { camera, run, index, capturedAt }: FoundIn): void {
    const text = JSON.stringify(events);
    if (text.length > MOST_CHARACTERS) throw tooMuch(text.length);
    const found = { camera, run, index, capturedAt, events: [...events] };
    this.detections.emit(found);
    if (this.#inLog) this.log.info(`found in frame ${index}: ${text}`);
    for (const consumer of this.#reporters) consumer.push(found);
  }

  /** Starts or stops the probe as needed. */
  #adapt(): void {
    const wanted = this.#isOpen && this.#active;
    if (wanted === (this.#probe !== undefined)) return;
    if (wanted) {
      this.#probe = new FrameProbe({
        ...this.#limits,
        camera: this.camera,
        producer: (frame, metadata) => this.produce(frame, metadata),
        consumer: (events, of) => this.consume(events, of),
        thingStates: () => this.context.thingStates(),
        log: this.log,
      });
      return;
    }
    const probe = this.#probe!;
    this.#probe = undefined;
    const stopped = probe.stop().then(() => {
      this.#past = sumOf(this.#past, { ...probe.counts, untold: 0 });
    });
    this.#stopping = Promise.all([this.#stopping, stopped]);
  }
}

const MOST_CHARACTERS = 100_000;

const NONE: Counts = {
  frames: 0,
  skipped: 0,
  events: 0,
  producerFailed: 0,
  slow: 0,
  consumed: 0,
  dropped: 0,
  failed: 0,
  untold: 0,
};

function sumOf(a: Counts, b: Counts): Counts {
  const names = Object.keys(NONE) as (keyof Counts)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Counts;
}

function lineOf(event: unknown, { camera, run, index, capturedAt }: FoundIn): string {
  return JSON.stringify({ camera, run, index, capturedAt, event });
}

function tooMuch(characters: number): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `The events have ${characters} characters of JSON, but at most ${MOST_CHARACTERS} are sent to clients. Report what a frame shows, not the frame.`,
  );
}

function noProducer(): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    "This Probe has no producer. Extend Probe with a method produce(frame, metadata) in your own module and name that class in the configuration; in TypeScript, pass a producer.",
  );
}
