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

/** What a Probe is made with: see ProbeOptions. */
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

/** What a Probe did since it was opened. */
const Counts = Type.Object({
  frames: Count("Frames that were looked at"),
  skipped: Count("Frames that were not: looking had taken more than half of the time"),
  events: Count("What was found"),
  producerFailed: Count("Frames at which looking failed"),
  slow: Count("Frames for which looking took too long"),
  consumed: Count("Frames whose events were taken"),
  dropped: Count("Frames whose events were lost: they came faster than they were taken"),
  failed: Count("Frames whose events were not taken, because that failed"),
  untold: Count("Frames whose events the file or the address did not get"),
});
type Counts = Static<typeof Counts>;

/** What was found in one frame. */
const Detections = Type.Object({
  camera: Type.String(),
  run: Type.String(),
  index: Type.Integer({ minimum: 0 }),
  capturedAt: Type.Number({ unit: "ms", description: "Of the frame, since 1970" }),
  events: Type.Array(Type.Unknown()),
});
type Detections = Static<typeof Detections>;

/** What a Probe is made with. */
export interface ProbeOptions {
  /** What looks at frames. A subclass may have `produce` instead. */
  readonly producer?: Produce | Producer;
  /** What takes what was found, before clients are told. A subclass may have `consume` instead. */
  readonly consumer?: Consume | Consumer;
  /** A file for what was found: a line of JSON each event. */
  readonly file?: string;
  /** An address that what was found is posted to, as JSON. */
  readonly url?: string;
  /** Whether what was found is in the log, too. */
  readonly log?: boolean;
  /** Frames whose events may wait for the consumer, and as many for the file and for the address: 100. */
  readonly queue?: number;
  /** How long the consumer may take for one frame, s: 10. */
  readonly patience_s?: number;
  /** How long looking may take before the log warns of it, ms: 10. */
  readonly slow_ms?: number;
}

/** Looks at each frame of a camera, and tells clients, a file, an address and the log what it finds. */
export class Probe extends Thing {
  static override readonly title: string = "Probe";
  static override readonly description: string =
    "Looks at each frame of a camera and tells what it finds.";
  readonly #limits: ProbeLimits;
  readonly #produce: Produce | undefined;
  readonly #consume: Consume | undefined;
  readonly #writers: readonly { readonly what: string; readonly writer: Consumer }[];
  readonly #inLog: boolean;
  #probe: FrameProbe | undefined;
  #told: readonly BackgroundConsumer[] = [];
  #stopping: Promise<unknown> | undefined;
  #past: Counts = NONE;
  #isOpen = false;
  #active = true;

  @slot("What is looked at", Camera)
  accessor camera!: Camera;

  @event("Something was found in a frame", Detections)
  readonly detections = new ThingEvent<Detections>();

  /** @throws {ThingError} `BAD_ARGUMENT` when nothing would look, or an option cannot be used. */
  constructor(options: ProbeOptions = {}) {
    super();
    acceptedOptions(Options, options, "A Probe");
    const { producer, consumer, file, url, log = false, queue, patience_s, slow_ms } = options;
    this.#limits = { queue, patienceSec: patience_s, slowMs: slow_ms };
    this.#produce = producer && produceOf(producer);
    this.#consume = consumer && consumeOf(consumer);
    if (!producer && this.produce === Probe.prototype.produce) throw nothingLooks();
    this.#writers = [
      ...(file === undefined
        ? []
        : [{ what: "file", writer: new LogFileWriter(file, { serializer: lineOf }) }]),
      ...(url === undefined ? [] : [{ what: "address", writer: new HttpWriter(url) }]),
    ];
    this.#inLog = log;
  }

  @property("What it did since it was opened", Counts, { readOnly: true })
  get counts(): Counts {
    const now = this.#probe ? { ...this.#probe.counts, untold: 0 } : NONE;
    const lost = this.#told.map(({ counts }) => counts.dropped + counts.failed);
    const untold = lost.reduce((sum, one) => sum + one, 0);
    return { ...sumOf(this.#past, now), untold };
  }

  @setting("Whether it looks: the camera runs then", Type.Boolean())
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
    this.#told = this.#writers.map(({ what, writer }) => {
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
    await Promise.all(this.#told.map((consumer) => consumer.stop()));
  }

  /** Looks at a frame, in the tick in which it came: quick, without waiting. @returns what it found, if anything. */
  protected produce(frame: Frame, metadata: FrameMetadata): Iterable<unknown> | undefined {
    return this.#produce?.(frame, metadata);
  }

  /** Takes what was found, in the background, and tells it. One that finds more, or less, tells that. */
  protected async consume(...[events, of]: Parameters<Consume>): Promise<void> {
    await this.#consume?.(events, of);
    this.tell(events, of);
  }

  /**
   * Tells clients, and file, address and log where there are any, what was found in a frame.
   * @throws {ThingError} `BAD_ARGUMENT` for what is more than 100 kB as JSON. @throws {TypeError} for what is no JSON.
   */
  protected tell(events: readonly unknown[], { camera, run, index, capturedAt }: FoundIn): void {
    const text = JSON.stringify(events);
    if (text.length > MOST_CHARACTERS) throw tooMuch(text.length);
    const found = { camera, run, index, capturedAt, events: [...events] };
    this.detections.emit(found);
    if (this.#inLog) this.log.info(`found in frame ${index}: ${text}`);
    for (const consumer of this.#told) consumer.push(found);
  }

  /** Begins or ends to look, as is wished. */
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
    `What was found is ${characters} characters as JSON, and clients are told ${MOST_CHARACTERS} at most. Tell what a frame shows, not the frame.`,
  );
}

function nothingLooks(): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    "This Probe would find nothing. Extend Probe with a method produce(frame, metadata) in a module of your own, and name that class in the configuration; in TypeScript, give it a producer.",
  );
}
