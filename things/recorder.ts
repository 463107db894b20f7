import { join } from "node:path";
import {
  action,
  Blob,
  blobSchema,
  Camera,
  type Invocation,
  now,
  property,
  type StoredFile,
  setting,
  slot,
} from "thingscope";
import {
  type ContinuousSummary,
  RecordingWriter,
  startRecording,
  type VideoRecorderOptions,
} from "thingscope/recording";
import { Type } from "typebox";
import { type BegunRecording, stopAt } from "./recorder/begun-recording.ts";
import { ContinuousSlot, stopBoth } from "./recorder/continuous-slot.ts";
import { EventSlot } from "./recorder/event-slot.ts";
import { JointRecorder } from "./recorder/joint-recorder.ts";
import type { RecorderOptions } from "./recorder/recorder-options.ts";
import {
  isRecording,
  Lapse,
  RecordingFile,
  STATES,
  Start,
  type State,
  Still,
  Summary,
  Trigger,
} from "./recorder/schemas.ts";
import { settingsOf, stillOf, timedName } from "./recorder/still.ts";
import { timelapse } from "./recorder/timelapse.ts";

const MB = 1e6;

/** Records a camera: the seconds before and after a trigger, or everything until it is stopped. */
export class Recorder extends JointRecorder {
  static override readonly title: string = "Recorder";
  static override readonly description: string =
    "Records a camera into files that survive a crash and prove which frames are in them.";
  readonly #options: RecorderOptions;
  readonly #events = new EventSlot({
    options: () => this.#eventOptions(),
    onChange: () => this.tell(),
  });
  readonly #continuous = new ContinuousSlot({
    onChange: () => this.tell(),
    listed: (path) => this.listed(path),
  });
  #lapses = 0;
  #armed = true;
  #isOpen = false;
  #told = "";

  @slot("The camera that is recorded", Camera)
  accessor camera!: Camera;

  constructor(options: RecorderOptions = {}) {
    super(options);
    this.#options = options;
  }

  @property("Whether a recording is being made, closed or exported now", Type.Boolean(), {
    readOnly: true,
    observable: true,
  })
  get busy(): boolean {
    return isRecording(this.state) || this.exports > 0;
  }

  @property(
    "Idle: it does not hold frames. Detached: it waits for the camera. Buffering: it waits for a trigger",
    Type.Enum(STATES),
    { readOnly: true, observable: true },
  )
  get state(): State {
    const continuous = this.#continuous.state;
    if (continuous) return continuous;
    if (this.#lapses > 0) return "recording";
    return this.#events.state ?? "idle";
  }

  @property("How much of the time before a trigger its recording has", Type.Number({ unit: "s" }), {
    readOnly: true,
  })
  get pre_roll(): number {
    return this.#options.pre_s ?? 2;
  }

  @property("Whether it records until stop_recording is called", Type.Boolean(), {
    readOnly: true,
    observable: true,
  })
  get until_stopped(): boolean {
    return this.#events.isHeld || this.#continuous.state !== undefined;
  }

  @property("Which camera is recorded", Type.String(), { readOnly: true })
  override get recorded_camera(): string {
    return this.camera.name;
  }

  @setting("Whether the newest frames are held for a trigger; the camera runs then", Type.Boolean())
  get armed(): boolean {
    return this.#armed;
  }

  set armed(armed: boolean) {
    this.#armed = armed;
    this.#arm();
  }

  override async open(): Promise<void> {
    await super.open();
    this.#continuous.open(this.name);
    this.#isOpen = true;
    this.#arm();
  }

  override async close(): Promise<void> {
    this.#isOpen = false;
    this.#arm();
    await this.untilExported(
      Promise.all([this.#events.disarmed, this.#continuous.close(), this.endWork()]),
    );
    await super.close();
  }

  @action(
    "Record what happens now, from some seconds before. While such a recording runs, it is extended",
    { input: Trigger, output: RecordingFile, useGlobalLock: false },
  )
  async record(trigger: Trigger): Promise<StoredFile> {
    const recorded = this.#events.record(trigger, (path, summary) => {
      void this.finished(path, summary);
    });
    const { path, endReason } = await this.tellingLack(recorded);
    this.tell();
    return this.listed(path, endReason());
  }

  @action("Record from now on, until it is stopped or the disk is full", {
    input: Start,
    output: RecordingFile,
    useGlobalLock: false,
  })
  async start_recording(input: Start, run?: Invocation): Promise<StoredFile> {
    const from = now();
    return (await this.startAt(() => from, input, run?.signal)).file;
  }

  @action("Stop recording, and finish the file", {
    ...{ output: Summary, releases: true, useGlobalLock: false },
  })
  async stop_recording(_: Record<string, never>, run: Invocation): Promise<Summary> {
    const stopping = stopBoth(this.#events, this.#continuous, stopAt(now(), run));
    this.tell();
    return this.#summaryOf(await stopping);
  }

  @action("Record a frame each interval. When cancelled, it keeps the frames recorded so far", {
    input: Lapse,
    output: RecordingFile,
    useGlobalLock: false,
  })
  async timelapse(
    { name, reason = "timelapse", ...pace }: Lapse,
    run: Invocation,
  ): Promise<StoredFile> {
    this.#lapses += 1;
    this.tell();
    try {
      const { camera } = this;
      return await this.working(run, async (signal) => {
        const writer = new RecordingWriter({
          path: this.#newPath(name, "mkv"),
          camera: camera.name,
          ...{ reason, expectedFps: 1 / pace.interval },
          settings: { ...this.#settings(), interval: pace.interval },
          room: this.room,
          ...this.accounts,
        });
        const path = await writer.opened;
        const { ended } = writer;
        try {
          await this.folder.refreshed(path);
          await timelapse(camera.mjpeg_stream, writer, pace, { signal, run });
        } finally {
          await this.finished(path);
        }
        return this.listed(path, (await ended).ended);
      });
    } finally {
      this.#lapses -= 1;
      this.tell();
    }
  }

  @action("Take a picture at full size, with EXIF data on how it was taken", {
    input: Still,
    output: blobSchema("image/jpeg"),
    useGlobalLock: false,
  })
  async capture_still({ name, settle = true }: Still, run: Invocation): Promise<Blob> {
    const { camera } = this;
    if (settle) await camera.settle({}, run);
    return this.working(run, async (signal) => {
      const picture = await camera.takeStill(signal);
      const still = stillOf(picture, { camera, thingStates: this.context.thingStates() });
      const path = await this.folder.write(`${name ?? timedName(camera)}.jpg`, still, this.room);
      await this.finished(path);
      return Blob.fromFile(path, "image/jpeg", { description: path });
    });
  }

  override async startAt(
    from: () => number,
    input: Start,
    signal?: AbortSignal,
  ): Promise<BegunRecording> {
    const { name, reason, split, split_size, max_files } = input;
    const path = this.#newPath(name);
    const begin = (signal: AbortSignal) =>
      startRecording({
        camera: this.camera,
        path,
        from,
        splitBytes: split_size === undefined ? undefined : split_size * MB,
        ...{ splitSec: split, maxFiles: max_files },
        ...this.room,
        reason,
        settings: () => this.#settings(),
        ...{ keepMkv: this.#options.keep_mkv, exportSignal: this.exportSignal },
        onFile: (path, summary) =>
          summary ? this.finished(path, summary) : this.listed(path).catch(() => {}),
        signal,
        ...this.accounts,
      });
    const starting = this.#continuous.start(path, begin, signal);
    const { recording, file } = await this.tellingLack(starting);
    return {
      file,
      ended: recording.ended,
      stop: async (until, run) => this.#summaryOf(await recording.stop(stopAt(until, run))),
    };
  }

  protected override tell(): void {
    const now = `${this.state} ${this.busy} ${this.until_stopped}`;
    if (now === this.#told) return;
    this.#told = now;
    this.changed("state");
    this.changed("busy");
    this.changed("until_stopped");
  }

  async #summaryOf({ files, ...summary }: ContinuousSummary): Promise<Summary> {
    const listed = await Promise.all(files.map(({ path }) => this.folder.refreshed(path)));
    return { ...summary, files: listed.flatMap((file) => file ?? []) };
  }

  /** Starts or stops holding frames. */
  #arm(): void {
    this.#events.arm(this.#isOpen && this.#armed, this.name);
  }

  #eventOptions(): VideoRecorderOptions {
    const { pre_roll_mb = 64, pre_roll_while, max_event_s, keep_mkv, keep_start } = this.#options;
    return {
      camera: this.camera,
      filenameGenerator: () => this.#newPath(),
      preSec: this.pre_roll,
      postSec: this.#options.post_s ?? 2,
      maxPreRollBytes: pre_roll_mb * MB,
      preRollWhileWatched: pre_roll_while === "watched",
      maxSec: max_event_s,
      room: this.room,
      settings: () => this.#settings(),
      keepMkv: keep_mkv,
      exportSignal: this.exportSignal,
      keepStart: keep_start,
      ...this.accounts,
    };
  }

  #newPath(name = timedName(this.camera), extension = this.#options.format ?? "mkv"): string {
    return join(this.folder.folder, `${name}.${extension}`);
  }

  /** How it was recorded, for readers. */
  #settings(): Record<string, unknown> {
    return { camera: settingsOf(this.camera), thing_states: this.context.thingStates() };
  }
}
