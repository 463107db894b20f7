import {
  action,
  event,
  files,
  type Invocation,
  messageOf,
  property,
  type StoredFile,
  slot,
  Thing,
  ThingError,
  ThingEvent,
  wallTime,
} from "thingscope";
import { RecordingsFolder } from "thingscope/recording";
import { Type } from "typebox";
import type { Progress } from "./recorder/begun-recording.ts";
import { GroupSession } from "./recorder/group-session.ts";
import { Manifests } from "./recorder/manifests.ts";
import { Manifest, ManifestFile, RecordingFile, Start, Trigger } from "./recorder/schemas.ts";
import { Recorder } from "./recorder.ts";

/** Options of a RecorderGroup. */
export interface RecorderGroupOptions {
  /** Folder of the manifests. Default `recordings`. */
  readonly folder?: string;
  /** What stays free on the disk. Default 500 MB. */
  readonly reserve_mb?: number;
  /** The maximum total size of the files in the folder. */
  readonly quota_mb?: number;
}

const MB = 1e6;
/** What a manifest has for each recorder, at first: it is written to its end, however many files there will be. */
const MANIFEST_BYTES = 1000;

/** Several recorders that begin and end at the same moments of one clock, and one manifest of what they recorded. */
export class RecorderGroup extends Thing {
  static override readonly title: string = "Recorder group";
  static override readonly types: readonly string[] = ["RecorderGroup"];
  static override readonly description: string =
    "Starts and stops several recorders together, and writes one manifest of what they recorded.";
  readonly #folder: RecordingsFolder;
  readonly #manifests: Manifests;
  readonly #room: { readonly reserveBytes: number; readonly quotaBytes: number };
  #session: GroupSession | undefined;
  #finishing: Promise<Manifest> | undefined;

  @slot("The recorders", Recorder, { many: true })
  accessor recorders!: ReadonlyMap<string, Recorder>;

  @event("All recorders have stopped, and the manifest has been written", Manifest)
  readonly recording_finished = new ThingEvent<Manifest>();

  @files("Manifests", { name: "manifests" })
  readonly files;

  constructor({ folder = "recordings", ...limits }: RecorderGroupOptions = {}) {
    super();
    const { reserve_mb = 500, quota_mb = Number.POSITIVE_INFINITY } = limits;
    this.#room = { reserveBytes: reserve_mb * MB, quotaBytes: quota_mb * MB };
    this.#folder = new RecordingsFolder(folder);
    this.#manifests = new Manifests(this.#folder.folder, () => this.changed("manifests"));
    this.files = this.#manifests.files;
  }

  @property("Manifests of the group's recordings, newest first", Type.Array(ManifestFile), {
    readOnly: true,
    observable: true,
  })
  get manifests(): StoredFile[] {
    return this.files.list;
  }

  @property("Whether the group is recording", Type.Boolean(), { readOnly: true, observable: true })
  get busy(): boolean {
    return this.#session !== undefined;
  }

  override async open(): Promise<void> {
    if (this.recorders.size === 0) {
      const why = `'${this.name}' has no recorders. Add some to its thing_slots.recorders.`;
      throw new ThingError("BAD_CONFIG", why);
    }
    this.files.path = `/${this.name}/manifests`;
    await this.#folder.open(this.log);
    this.#folder.share(this.files, "manifests");
    await this.#manifests.refresh(this.log);
  }

  override async close(): Promise<void> {
    try {
      if (this.#session) await this.#finish(this.#session, { progress() {} });
    } finally {
      await this.#folder.close();
    }
  }

  @action("Start all recorders at one moment, or none if one cannot start", {
    input: Start,
    output: Type.Array(RecordingFile),
    useGlobalLock: false,
  })
  async start_recording(input: Start, run: Invocation): Promise<StoredFile[]> {
    if (this.#session) {
      const why = `'${this.name}' is already recording '${this.#session.name}'. Stop that first.`;
      throw new ThingError("LOCK_BUSY", why);
    }
    const {
      name = `${this.name}_${new Date(wallTime()).toISOString().replace(/[-:]|\.\d+/g, "")}`,
    } = input;
    const session = new GroupSession(name, this.recorders);
    this.#become(session);
    try {
      await this.#folder.assertRoom(this.#room, MANIFEST_BYTES * this.recorders.size);
      const files = await session.begin(input, run.signal);
      void session.over().then(() => this.#endedByItself(session));
      return files;
    } catch (error) {
      if (this.#session === session && !this.#finishing) this.#become(undefined);
      throw error;
    }
  }

  @action("Stop all recorders at one moment, finish their files, and write the manifest", {
    output: Manifest,
    releases: true,
    useGlobalLock: false,
  })
  async stop_recording(_: Record<string, never>, run: Invocation): Promise<Manifest> {
    if (!this.#session) throw new ThingError("NOT_READY", `'${this.name}' is not recording.`);
    return this.#finish(this.#session, run);
  }

  @action("Record with all recorders what happens now, from some seconds before", {
    input: Trigger,
    output: Type.Array(RecordingFile),
    useGlobalLock: false,
  })
  async record(input: Trigger): Promise<StoredFile[]> {
    const recorders = [...this.recorders.values()];
    const results = await Promise.allSettled(recorders.map((recorder) => recorder.record(input)));
    const files = results.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const failed = results.find((one) => one.status === "rejected");
    if (!failed) return files;
    const names = files.map((file) => `'${file.name}'`).join(", ") || "nothing";
    const code = failed.reason instanceof ThingError ? failed.reason.code : "RECORDING_FAILED";
    const why = `${messageOf(failed.reason)} The other recorders of '${this.name}' are recording: ${names}.`;
    throw new ThingError(code, why, { cause: failed.reason });
  }

  /** Of several concurrent stops, only one takes effect. */
  #finish(session: GroupSession, run: Progress): Promise<Manifest> {
    this.#finishing ??= this.#stop(session, run).finally(() => {
      this.#finishing = undefined;
      this.#become(undefined);
    });
    return this.#finishing;
  }

  async #stop(session: GroupSession, run: Progress): Promise<Manifest> {
    const manifest = await session.stop(run);
    if (manifest.recordings.length === 0) return manifest; // it had not begun
    const text = `${JSON.stringify(manifest, null, 2)}\n`;
    const name = `${session.name}.manifest.json`;
    await this.#manifests.add(await this.#folder.write(name, Buffer.from(text)));
    this.recording_finished.emit(manifest);
    return manifest;
  }

  /** The disk or the cameras ended all of them, or somebody stopped each: then there is nothing left to wait for. */
  async #endedByItself(session: GroupSession): Promise<void> {
    if (this.#session !== session) return;
    await this.#finish(session, { progress() {} }).catch((error) => {
      this.log.error(`The manifest of '${session.name}' could not be written: ${messageOf(error)}`);
    });
  }

  #become(session: GroupSession | undefined): void {
    this.#session = session;
    this.changed("busy");
  }
}
