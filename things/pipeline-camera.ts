import {
  action,
  Camera,
  type FrameSource,
  type Invocation,
  isAbort,
  property,
  ThingError,
  withDeadline,
} from "thingscope";
import {
  type Framing,
  type Parameters,
  Pipeline,
  pipelineCommand,
  type RunningSource,
  requireInstalled,
} from "thingscope/frames";
import { Type } from "typebox";

/** What a PipelineCamera is made with: a pipeline, as a text, a file or the words of a command, is all that it needs. */
export interface PipelineCameraOptions {
  /** GStreamer's text, a `gst-launch-1.0` or `ffmpeg` command, or its words; or a pipeline that another camera shares. */
  readonly pipeline?: string | readonly string[] | Pipeline;
  /** A file with such a text. */
  readonly file?: string;
  /** Values for the `{name}` places of the text. */
  readonly parameters?: Parameters;
  /** Which tee of the pipeline this camera is; by default its first. */
  readonly tee?: string;
  /** How the pictures lie in the output of another program. */
  readonly framing?: Framing;
  /** The elements that bring a tee's pictures to where `jpegenc` takes them; `videoconvert` by default. */
  readonly convert?: string;
  /** The descriptor that another program writes them to; 1 by default. */
  readonly fd?: number;
  /** Longest time from a start to the first frame, ms. */
  readonly start_ms?: number;
  /** Longest time without a frame, ms; by default 5 periods, and 1 s at least. 0: it may be silent. */
  readonly silence_ms?: number;
  /** Whether it runs even while its frames are not wanted. */
  readonly keep_warm?: boolean;
}

const START_MS = 15_000; // a camera may give a frame each 12 s
const FRAMERATE = /(?<![\w-])framerate=\s*(?:\(fraction\))?\s*(\d+)\/(\d+)/g;
const Values = Type.Record(
  Type.String(),
  Type.Union([Type.String(), Type.Number(), Type.Boolean()]),
);

/** Anything that GStreamer or ffmpeg can read, as a camera. */
export class PipelineCamera extends Camera {
  static override readonly title = "Pipeline camera";
  static override readonly description =
    "The pictures of a gst-launch-1.0 or ffmpeg command, which is restarted when it ends or hangs.";
  readonly #options: PipelineCameraOptions;
  #pipeline: Pipeline | undefined;
  #parameters: Parameters;
  #endStates: () => void = () => {};

  constructor(options: PipelineCameraOptions) {
    super(options.keep_warm === undefined ? {} : { keep_warm: options.keep_warm });
    this.#options = options;
    this.#parameters = options.parameters ?? {};
  }

  @property("The values of the pipeline's {name} parameters", Values, {
    readOnly: true,
    observable: true,
  })
  get parameters(): Parameters {
    return { ...this.#parameters };
  }

  @property(
    "How often the program ended, hung, or was restarted on request",
    Type.Integer({ minimum: 0 }),
    {
      readOnly: true,
      observable: true,
    },
  )
  get restarts(): number {
    return this.#pipeline?.state.restarts ?? 0;
  }

  @property("Why the program failed last, or empty", Type.String(), {
    readOnly: true,
    observable: true,
  })
  get last_error(): string {
    return this.#pipeline?.state.reason ?? "";
  }

  @property("The last lines of the program's error output", Type.Array(Type.String()), {
    readOnly: true,
  })
  get error_lines(): string[] {
    return [...(this.#pipeline?.state.errorLines ?? [])];
  }

  /** Frames a second, as the caps of its pipeline say, which its recordings tell; undefined where they say none. */
  get framerate(): number | undefined {
    const words = this.#pipeline?.command.args?.join(" ") ?? "";
    const [, above, below] = [...words.matchAll(FRAMERATE)].at(-1) ?? [];
    return above && Number(below) > 0 ? Number(above) / Number(below) : undefined;
  }

  /** @throws {ThingError} `BAD_CONFIG`, `BAD_ARGUMENT` or `PROGRAM_MISSING`, with what to change. */
  override async open(): Promise<void> {
    const pipeline = await this.#made(this.#parameters);
    await requireInstalled(pipeline.command);
    sourceOf(pipeline, this.#options.tee);
    this.#use(pipeline);
    super.open();
  }

  override async close(): Promise<void> {
    try {
      await super.close();
    } finally {
      this.#endStates();
    }
  }

  protected override source(): FrameSource {
    // The pipeline is another one after `set_parameters`.
    return {
      run: (sink, signal) => sourceOf(this.#pipeline!, this.#options.tee).run(sink, signal),
    };
  }

  protected override get patience() {
    const { start_ms: startMs = START_MS, silence_ms: silenceMs } = this.#options;
    return silenceMs === undefined ? { startMs } : { startMs, silenceMs };
  }

  @action("Restart the program and wait for its first frame")
  async restart(_: Record<string, never>, { signal }: Invocation): Promise<void> {
    const old = this.mjpeg_stream.newest?.run; // each start is a new run
    this.#pipeline?.restart();
    const another = (either: AbortSignal) => this.#otherRun(old, either);
    await withDeadline(2 * START_MS, signal, another).catch((error) => {
      if (signal.aborted || !isAbort(error)) throw error;
      const why = this.last_error || "it gave no reason";
      throw new ThingError("SOURCE_FAILED", `No frame arrived after the restart: ${why}`);
    });
  }

  @action(
    "Change the pipeline's parameters. If no frame arrives with the new ones, it keeps the old ones",
    {
      input: Values,
    },
  )
  async set_parameters(values: Parameters, { signal }: Invocation): Promise<void> {
    const [old, before] = [this.#pipeline, this.#parameters];
    if (!old || this.#options.pipeline instanceof Pipeline) throw this.#sharesItsPipeline();
    const next = await this.#made({ ...before, ...values });
    await requireInstalled(next.command);
    this.#use(next, { ...before, ...values });
    try {
      await this.restartSource(signal);
    } catch (cause) {
      this.#use(old, before);
      await this.restartSource(AbortSignal.timeout(START_MS)).catch(() => {}); // its state says why
      if (signal.aborted) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      const sentence = `Camera '${this.name}' keeps its old parameters, since it delivered no frames with the new ones. ${why}`;
      throw new ThingError("SOURCE_FAILED", sentence, { cause });
    }
  }

  #sharesItsPipeline(): ThingError {
    const why = "it shares its pipeline with other cameras, or is closed";
    return new ThingError(
      "NOT_SUPPORTED",
      `The parameters of camera '${this.name}' cannot be changed: ${why}.`,
    );
  }

  #use(pipeline: Pipeline, parameters = this.#parameters): void {
    this.#endStates();
    this.#pipeline = pipeline;
    this.#parameters = parameters;
    this.#endStates = pipeline.onState(() => {
      this.changed("restarts");
      this.changed("last_error");
    });
    this.changed("parameters");
  }

  async #otherRun(old: string | undefined, signal: AbortSignal): Promise<void> {
    for await (const frame of this.mjpeg_stream.frames(signal)) {
      if (frame.run !== old) return;
    }
  }

  /** A pipeline with these values. @throws {ThingError} `BAD_CONFIG`, `BAD_ARGUMENT`, `PROGRAM_MISSING`, `PROGRAM_REFUSED`. */
  async #made(parameters: Parameters): Promise<Pipeline> {
    const { pipeline, file, framing, convert, fd, silence_ms: silenceMs, start_ms } = this.#options;
    if (pipeline instanceof Pipeline) return pipeline;
    const text = { pipeline, file, parameters, framing, convert, fd };
    const command = await pipelineCommand(text);
    const stallMs = silenceMs === undefined ? undefined : Number.POSITIVE_INFINITY; // what feeds the stream knows its period
    return new Pipeline(command, { startMs: start_ms ?? START_MS, stallMs, log: this.log });
  }
}

/** The source of one tee of a pipeline, or of its first. */
function sourceOf({ cameras }: Pipeline, tee?: string): RunningSource {
  const name = tee ?? [...cameras.keys()][0] ?? "";
  const source = cameras.get(name);
  if (source) return source;
  throw new ThingError(
    "BAD_CONFIG",
    `The pipeline has no tee '${name}'. It has: ${[...cameras.keys()].join(", ")}.`,
  );
}
