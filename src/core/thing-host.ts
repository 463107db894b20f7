import { join } from "node:path";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, namedLog, silentLog } from "../base/log.ts";
import { filedLog, LogFolder, SERVER_LOG } from "../base/log-folder.ts";
import { FolderLock } from "./folder-lock.ts";
import { GlobalLock } from "./global-lock.ts";
import { type AddOptions, checkThingName, type HostOptions } from "./host-options.ts";
import { HostedThing } from "./hosted-thing.ts";
import { unfitInitialValues } from "./initial-values.ts";
import { logWithInvocation } from "./invocation.ts";
import { Invocations } from "./invocations.ts";
import { jsonCopy } from "./json-value.ts";
import { runAsThing } from "./running.ts";
import { SettingsFile } from "./settings-file.ts";
import { connectSlot } from "./slots.ts";
import { attach, type Thing } from "./thing.ts";
import { ThingLife } from "./thing-life.ts";

/** The Things of one process, without HTTP: opens them in order, keeps their settings and invocations, closes them in reverse. */
export class ThingHost {
  readonly things = new Map<string, HostedThing>();
  readonly invocations: Invocations;
  readonly globalLock: GlobalLock | undefined;
  readonly settingsFolder: string;
  readonly log: Log;
  readonly logFiles: LogFolder | undefined;
  readonly #givenLog: Log;
  readonly #folderLock: FolderLock;
  readonly #openWithinMs: number;
  readonly #closeWithinMs: number;
  readonly #applicationConfig: Record<string, unknown>;
  readonly #slots = new Map<string, AddOptions["slots"]>();
  readonly #stateListeners = new Set<(hosted: HostedThing) => void>();
  readonly #lives = new Map<string, ThingLife>();
  #opened: ThingLife[] = [];

  constructor({
    settingsFolder = "settings",
    applicationConfig = {},
    enableGlobalLock = false,
    globalLockLogLevel,
    openWithinMs = 30_000,
    closeWithinMs = 5_000,
    invocations,
    log = silentLog,
    logFolder,
  }: HostOptions = {}) {
    this.invocations = new Invocations(invocations);
    this.settingsFolder = settingsFolder;
    this.#folderLock = new FolderLock(settingsFolder);
    this.#givenLog = log;
    this.logFiles = logFolder === undefined ? undefined : new LogFolder(logFolder, { log });
    this.log = filedLog(log, this.logFiles, SERVER_LOG);
    this.#applicationConfig = applicationConfig;
    this.globalLock = enableGlobalLock ? new GlobalLock(globalLockLogLevel) : undefined;
    this.#openWithinMs = openWithinMs;
    this.#closeWithinMs = closeWithinMs;
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for a name that is taken, reserved or not fit for a URL. */
  add(name: string, thing: Thing, { slots }: AddOptions = {}): HostedThing {
    checkThingName(name, this.things);
    const ownLog = filedLog(namedLog(this.#givenLog, name), this.logFiles, name);
    const log = logWithInvocation(ownLog);
    const folder = join(this.settingsFolder, name);
    const hosted = new HostedThing(name, thing, {
      invocations: this.invocations,
      globalLock: this.globalLock,
      settings: new SettingsFile(join(folder, `Settings-${thing.constructor.name}.json`), log),
      log: ownLog,
    });
    for (const warning of [...hosted.model.warnings, ...unfitInitialValues(hosted)])
      log.warn(warning);
    attach(thing, {
      name,
      log,
      logFiles: this.logFiles,
      settingsFolder: folder,
      applicationConfig: structuredClone(this.#applicationConfig),
      thingStates: () => this.thingStates(),
      changed: (property) => hosted.propertyChanged(property),
    });
    this.things.set(name, hosted);
    this.#lives.set(
      name,
      new ThingLife(hosted, {
        log: this.log,
        openWithinMs: this.#openWithinMs,
        closeWithinMs: this.#closeWithinMs,
        connectSlots: () => this.connectSlots(name),
        onState: () => this.#tellState(hosted),
      }),
    );
    this.#slots.set(name, slots);
    return hosted;
  }

  /** @throws {ThingError} `NOT_FOUND`, naming the Things that there are. */
  get(name: string): HostedThing {
    const hosted = this.things.get(name);
    if (hosted) return hosted;
    throw new ThingError(
      "NOT_FOUND",
      `There is no Thing '${name}' here. There are: ${[...this.things.keys()].join(", ") || "none"}.`,
    );
  }

  /**
   * Connects the slots and loads the settings of all Things, then opens each in the order of adding. One that cannot
   * open is listed with its reason and does not stop the others.
   * @throws {ThingError} `SETTINGS_IN_USE` when another process keeps its settings in the same folder.
   */
  async open(): Promise<void> {
    await this.#takeFolder();
    const prepared: ThingLife[] = [];
    for (const life of this.#lives.values()) {
      if (life.hosted.state !== "open" && (await life.prepare())) prepared.push(life);
    }
    for (const life of prepared) await this.#open(life);
  }

  /** Opens one Thing, also again after it failed. Resolves in any case: see its `state` and `reason`. */
  async openThing(name: string): Promise<HostedThing> {
    const hosted = this.get(name);
    const life = this.#lives.get(name);
    const isOpening = hosted.state === "open" || hosted.state === "opening";
    if (life && !isOpening && (await life.prepare())) await this.#open(life);
    return hosted;
  }

  /** Calls `listener` whenever a Thing begins to open, is open, has failed to open, or is closed. */
  onState(listener: (hosted: HostedThing) => void): () => void {
    this.#stateListeners.add(listener);
    return () => void this.#stateListeners.delete(listener);
  }

  /** Cancels what runs, then closes in reverse order what was opened. Never rejects: failures are logged. */
  async close(): Promise<void> {
    await this.invocations.cancelAll(1000);
    for (const life of this.#opened.reverse()) await life.close();
    this.#opened = [];
    this.invocations.clear();
    await this.#folderLock.release();
    await this.logFiles?.written();
  }

  /** `thingState()` of every Thing that has one, by name. */
  thingStates(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.things].map(([name, hosted]) => [name, this.#stateOf(hosted)]),
    );
  }

  /** A Thing that cannot tell its state says why instead: the picture is taken all the same. */
  #stateOf({ name, thing, faults }: HostedThing): Record<string, unknown> {
    try {
      return jsonCopy(runAsThing(faults, () => thing.thingState())) as Record<string, unknown>;
    } catch (error) {
      faults.note(
        "thingState",
        `Thing '${name}' cannot tell its state: ${messageOf(error)}`,
        error,
      );
      return { error: messageOf(error) };
    }
  }

  /** Fills the slots of one Thing, opening nothing. @throws {ThingError} `BAD_CONFIG` for the first that cannot be filled. */
  connectSlots(name: string): void {
    const hosted = this.get(name);
    const all = new Map([...this.things].map(([name, { thing }]) => [name, thing]));
    for (const slot of hosted.model.slots) {
      connectSlot(hosted.thing, slot, all, this.#slots.get(hosted.name)?.[slot.name]);
    }
  }

  async #takeFolder(): Promise<void> {
    const properties = [...this.things.values()].flatMap(({ model }) => [
      ...model.properties.values(),
    ]);
    if (!properties.some(({ saved }) => saved)) return;
    try {
      await this.#folderLock.take();
    } catch (error) {
      if (error instanceof ThingError) throw error;
      this.log.warn(
        `No settings can be kept in ${this.settingsFolder}: ${messageOf(error)}. Choose another folder with --settings.`,
      );
    }
  }

  async #open(life: ThingLife): Promise<void> {
    if (await life.open()) this.#opened.push(life);
  }

  #tellState(hosted: HostedThing): void {
    for (const listener of [...this.#stateListeners]) listener(hosted);
  }
}
