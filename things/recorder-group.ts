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
import { type GroupRecorder, type HeldMember, LocalRecorder } from "./recorder/group-recorder.ts";
import { GroupSession } from "./recorder/group-session.ts";
import { Manifests } from "./recorder/manifests.ts";
import { RemoteRecorder } from "./recorder/remote-recorder.ts";
import { Manifest, ManifestFile, RecordingFile, Start, Trigger } from "./recorder/schemas.ts";
import { Recorder } from "./recorder.ts";

/** Options of a RecorderGroup. */
export interface RecorderGroupOptions {
  /** Folder of the manifests. Default `recordings`. */
  readonly folder?: string;
  /** Recorders of other servers of the fleet: `MEMBER/THING`, or their URLs. At most 64. */
  readonly others?: readonly string[];
  /** How long before recorders of other servers begin they are told, s. Default 1. */
  readonly lead_s?: number;
  /** What stays free on the disk. Default 500 MB. */
  readonly reserve_mb?: number;
  /** The maximum total size of the files in the folder. */
  readonly quota_mb?: number;
}

const MB = 1e6;
const MOST_OTHERS = 64;
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
  readonly #others: readonly string[];
  readonly #leadMs: number;
  #session: GroupSession | undefined;
  #finishing: Promise<Manifest> | undefined;

  @slot("The recorders", Recorder, { many: true })
  accessor recorders!: ReadonlyMap<string, Recorder>;

  @event("All recorders have stopped, and the manifest has been written", Manifest)
  readonly recording_finished = new ThingEvent<Manifest>();

  @files("Manifests", { name: "manifests" })
  readonly files;

  constructor({ folder = "recordings", others = [], ...limits }: RecorderGroupOptions = {}) {
    super();
    this.#others = others;
    this.#leadMs = others.length > 0 ? (limits.lead_s ?? 1) * 1000 : 0;
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
    this.#assertConfigured();
    this.files.path = `/${this.name}/manifests`;
    await this.#folder.open(this.log);
    this.#folder.share(this.files, "manifests");
    await this.#manifests.refresh(this.log);
    this.context.others?.beforeLeaving.add(this.#end);
  }

  override async close(): Promise<void> {
    this.context.others?.beforeLeaving.delete(this.#end);
    try {
      await this.#end();
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
    const recorders = this.#members();
    const onUnread = (error: unknown, { file }: HeldMember) =>
      this.log.warn(`The times of '${file.name}' cannot be compared: ${messageOf(error)}`);
    const session = new GroupSession({ name, recorders, leadMs: this.#leadMs, onUnread });
    this.#become(session);
    try {
      await this.#folder.assertRoom(this.#room, MANIFEST_BYTES * recorders.length);
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
    const results = await Promise.allSettled(
      this.#members().map((recorder) => recorder.record(input)),
    );
    const files = results.flatMap((one) => (one.status === "fulfilled" ? one.value : []));
    const failed = results.find((one) => one.status === "rejected");
    if (!failed) return files;
    const names = files.map((file) => `'${file.name}'`).join(", ") || "nothing";
    const code = failed.reason instanceof ThingError ? failed.reason.code : "RECORDING_FAILED";
    const why = `${messageOf(failed.reason)} The other recorders of '${this.name}' are recording: ${names}.`;
    throw new ThingError(code, why, { cause: failed.reason });
  }

  #members(): GroupRecorder[] {
    const here = [...this.recorders].map(([name, recorder]) => new LocalRecorder(name, recorder));
    const peers = () => this.context.others?.peers;
    return [...here, ...this.#others.map((address) => new RemoteRecorder(address, peers))];
  }

  /** @throws {ThingError} `BAD_CONFIG`. */
  #assertConfigured(): void {
    const { size } = this.recorders;
    const others = this.#others;
    const isRight = Array.isArray(others) && others.every((one) => typeof one === "string");
    if (!isRight || others.length > MOST_OTHERS || !(this.#leadMs >= 0)) {
      const why = `'others' of '${this.name}' must be a list of at most ${MOST_OTHERS} addresses like 'bench-2/recorder', and 'lead_s' a number of seconds.`;
      throw new ThingError("BAD_CONFIG", why);
    }
    if (size + others.length > 0) return;
    const why = `'${this.name}' has no recorders. Add some to its thing_slots.recorders.`;
    throw new ThingError("BAD_CONFIG", why);
  }

  readonly #end = async (): Promise<void> => {
    if (this.#session) await this.#finish(this.#session, { progress() {} });
  };

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
