import { hostname } from "node:os";
import {
  action,
  event,
  files,
  type Invocation,
  now,
  property,
  RecordingsFolder,
  type StoredFile,
  slot,
  Thing,
  ThingError,
  ThingEvent,
  toDateTime,
  wallTime,
} from "thingscope";
import { Type } from "typebox";
import { Manifests } from "./recorder/manifests.ts";
import { Manifest, ManifestFile, RecordingFile, Start, Trigger } from "./recorder/schemas.ts";
import { type BegunRecording, Recorder } from "./recorder.ts";

/** What a RecorderGroup is made with. */
export interface RecorderGroupOptions {
  /** Where manifests go: `recordings` when absent. */
  readonly folder?: string;
}

/** What goes on until it is stopped. */
interface Session {
  readonly name: string;
  /** Epoch ms. */
  readonly from: number;
  /** By the recorder's name. */
  readonly begun: ReadonlyMap<string, BegunRecording>;
}

/** Several recorders that begin and end at the same moments of one clock, and one manifest of what they recorded. */
export class RecorderGroup extends Thing {
  static override readonly title: string = "Recorder group";
  static override readonly description: string =
    "Starts and stops several recorders together, and writes one manifest of what they recorded.";
  readonly #folder: RecordingsFolder;
  readonly #manifests: Manifests;
  #session: Session | "starting" | "stopping" | undefined;

  @slot("What records", Recorder, { many: true })
  accessor recorders!: ReadonlyMap<string, Recorder>;

  @event("All have stopped, and the manifest is written", Manifest)
  readonly recording_finished = new ThingEvent<Manifest>();

  @files("Manifests", { name: "manifests" })
  readonly files;

  constructor({ folder = "recordings" }: RecorderGroupOptions = {}) {
    super();
    this.#folder = new RecordingsFolder(folder);
    this.#manifests = new Manifests(this.#folder.folder, () => this.changed("manifests"));
    this.files = this.#manifests.files;
  }

  @property("What was recorded together, newest first", Type.Array(ManifestFile), {
    readOnly: true,
    observable: true,
  })
  get manifests(): StoredFile[] {
    return this.files.list;
  }

  @property("Whether they record together", Type.Boolean(), { readOnly: true, observable: true })
  get busy(): boolean {
    return this.#session !== undefined;
  }

  override async open(): Promise<void> {
    if (this.recorders.size === 0) {
      const why = `'${this.name}' has no recorders. Name some in its thing_slots.recorders.`;
      throw new ThingError("BAD_CONFIG", why);
    }
    this.files.path = `/${this.name}/manifests`;
    await this.#folder.open(this.log);
    this.#folder.share(this.files, "manifests");
    await this.#manifests.refresh(this.log);
  }

  override close(): Promise<void> {
    return this.#folder.close();
  }

  @action("Record with all from one moment on, or with none when one cannot", {
    input: Start,
    output: Type.Array(RecordingFile),
    useGlobalLock: false,
  })
  async start_recording(input: Start): Promise<StoredFile[]> {
    if (this.#session) {
      throw new ThingError("LOCK_BUSY", `'${this.name}' records already. Stop that first.`);
    }
    this.#become("starting");
    const { name = `${this.name}_${toDateTime(wallTime()).replace(/[-:]|\.\d+/g, "")}` } = input;
    let from = Number.POSITIVE_INFINITY;
    try {
      const begun = await this.#beginAll(() => from, { ...input, name });
      from = now(); // all are ready
      this.#become({ name, from, begun });
      return [...begun.values()].map(({ file }) => file);
    } catch (error) {
      this.#become(undefined);
      throw error;
    }
  }

  @action("Stop all at one moment, write what waits, and write the manifest", {
    output: Manifest,
    releases: true,
    useGlobalLock: false,
  })
  async stop_recording(_: Record<string, never>, run: Invocation): Promise<Manifest> {
    const session = this.#session;
    if (typeof session !== "object") {
      throw new ThingError("NOT_READY", `'${this.name}' does not record.`);
    }
    this.#become("stopping");
    try {
      const manifest = await this.#stopAll(session, run);
      const text = `${JSON.stringify(manifest, null, 2)}\n`;
      const name = `${session.name}.manifest.json`;
      await this.#manifests.add(await this.#folder.write(name, Buffer.from(text)));
      this.recording_finished.emit(manifest);
      return manifest;
    } finally {
      this.#become(undefined);
    }
  }

  @action("Record with all what happens now, from some seconds ago on", {
    input: Trigger,
    output: Type.Array(RecordingFile),
    useGlobalLock: false,
  })
  record(input: Trigger): Promise<StoredFile[]> {
    return Promise.all([...this.recorders.values()].map((recorder) => recorder.record(input)));
  }

  /** All begin, or those that did are stopped before their first frame, which leaves no file. */
  async #beginAll(from: () => number, input: Start): Promise<Map<string, BegunRecording>> {
    const names = [...this.recorders.keys()];
    const results = await Promise.allSettled(
      [...this.recorders].map(([name, recorder]) =>
        recorder.startAt(from, { ...input, name: `${input.name}_${name}` }),
      ),
    );
    const begun = new Map<string, BegunRecording>();
    for (const [n, result] of results.entries()) {
      if (result.status === "fulfilled") begun.set(names[n]!, result.value);
    }
    const failed = results.find((result) => result.status === "rejected");
    if (!failed) return begun;
    await Promise.allSettled([...begun.values()].map(({ stop }) => stop(0, { progress() {} })));
    throw failed.reason;
  }

  async #stopAll({ name, from, begun }: Session, run: Invocation): Promise<Manifest> {
    const until = now();
    const done = new Map([...begun.keys()].map((one) => [one, 0]));
    const progressOf = (one: string) => (fraction: number) => {
      done.set(one, fraction);
      const sum = [...done.values()].reduce((all, part) => all + part, 0);
      run.progress(sum / done.size, "Writing what waits");
    };
    const recordings = await Promise.all(
      [...begun].map(async ([recorder, { stop }]) => ({
        recorder,
        camera: this.recorders.get(recorder)!.camera.name,
        ...(await stop(until, { progress: progressOf(recorder) })),
      })),
    );
    const [start, end] = [wallTime(from), wallTime(until)];
    const [started, stopped] = [toDateTime(start), toDateTime(end)];
    const times = { from: start, until: end, started, stopped };
    return { manifest: 1, name, host: hostname(), ...times, recordings };
  }

  #become(session: Session | "starting" | "stopping" | undefined): void {
    this.#session = session;
    this.changed("busy");
  }
}
