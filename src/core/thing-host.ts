import { join } from "node:path";
import { within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, type LogLevel, namedLog, silentLog } from "../base/log.ts";
import { filedLog, LogFolder, SERVER_LOG } from "../base/log-folder.ts";
import { FolderLock } from "./folder-lock.ts";
import { GlobalLock } from "./global-lock.ts";
import { HostedThing, type ThingState } from "./hosted-thing.ts";
import { unfitInitialValues } from "./initial-values.ts";
import { logWithInvocation } from "./invocation.ts";
import { Invocations } from "./invocations.ts";
import { SettingsFile } from "./settings-file.ts";
import { connectSlot } from "./slots.ts";
import { attach, type Thing } from "./thing.ts";

/** What the Things of one host share. */
export interface HostOptions {
  /** Where settings are kept: `./settings`. */
  settingsFolder?: string;
  /** Given to every Thing. */
  applicationConfig?: Record<string, unknown>;
  /** One action or write at a time in the whole host. */
  enableGlobalLock?: boolean;
  /** How an action is logged that does not run because the lock is held: `info`. */
  globalLockLogLevel?: LogLevel;
  /** How long a Thing may take to open, ms, before the others go on without it: 30,000. */
  openWithinMs?: number;
  /** How long a Thing may take to close, ms, before the others are closed: 5,000. */
  closeWithinMs?: number;
  /** How many invocations may run, or wait to, at once: 100. */
  maxInvocations?: number;
  log?: Log;
  /** Where files of the log are kept, one for each Thing and each program; nowhere when absent. */
  logFolder?: string | undefined;
}

/** How one Thing is put among the others. */
export interface AddOptions {
  /** Slot name to the name, or names, of the Things to connect; `null` for none. */
  slots?: Readonly<Record<string, string | readonly string[] | null>>;
}

const RESERVED = new Set(
  "assets things thing_descriptions thing_models action_invocations blob recordings logs frames directory docs health login logout metrics openapi.json signed_urls".split(
    " ",
  ),
);
const NAME = /^[A-Za-z0-9_-]+$/;

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
  #opened: HostedThing[] = [];

  constructor({
    settingsFolder = "settings",
    applicationConfig = {},
    enableGlobalLock = false,
    globalLockLogLevel,
    openWithinMs = 30_000,
    closeWithinMs = 5_000,
    maxInvocations = 100,
    log = silentLog,
    logFolder,
  }: HostOptions = {}) {
    this.invocations = new Invocations({ maxRunning: maxInvocations });
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
    this.#checkName(name);
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
    const prepared: HostedThing[] = [];
    for (const hosted of this.things.values()) {
      if (hosted.state !== "open" && (await this.#prepare(hosted))) prepared.push(hosted);
    }
    for (const hosted of prepared) await this.#openPrepared(hosted);
  }

  /** Opens one Thing, also again after it failed. Resolves in any case: see its `state` and `reason`. */
  async openThing(name: string): Promise<HostedThing> {
    const hosted = this.get(name);
    const isOpening = hosted.state === "open" || hosted.state === "opening";
    if (!isOpening && (await this.#prepare(hosted))) await this.#openPrepared(hosted);
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
    for (const hosted of this.#opened.reverse()) {
      await this.#closeQuietly(hosted);
      this.#setState(hosted, "closed");
      await hosted
        .saveSettings()
        .catch((error) =>
          this.log.error(
            `The settings of '${hosted.name}' could not be saved: ${messageOf(error)}`,
          ),
        );
    }
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
  #stateOf({ name, thing }: HostedThing): Record<string, unknown> {
    try {
      return thing.thingState();
    } catch (error) {
      this.log.warn(`Thing '${name}' cannot tell its state: ${messageOf(error)}`);
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

  #setState(hosted: HostedThing, state: ThingState, reason?: string): void {
    hosted.state = state;
    hosted.reason = reason;
    for (const listener of [...this.#stateListeners]) listener(hosted);
  }

  /** @returns Whether it may open. */
  async #prepare(hosted: HostedThing): Promise<boolean> {
    this.#setState(hosted, "opening");
    try {
      this.connectSlots(hosted.name);
      await hosted.loadSettings();
      return true;
    } catch (error) {
      this.#fail(hosted, error);
      return false;
    }
  }

  async #openPrepared(hosted: HostedThing): Promise<void> {
    try {
      await this.#openInTime(hosted);
      this.#opened.push(hosted);
      this.#setState(hosted, "open");
    } catch (error) {
      this.#fail(hosted, error);
      await this.#closeQuietly(hosted);
    }
  }

  #fail(hosted: HostedThing, error: unknown): void {
    this.#setState(hosted, "failed", messageOf(error));
    this.log.error(`Thing '${hosted.name}' could not open: ${hosted.reason}`);
  }

  /** One that never ends opening must not keep the others from it. What it takes after all is let go of. */
  async #openInTime(hosted: HostedThing): Promise<void> {
    const opening = Promise.resolve(hosted.thing.open());
    const seconds = this.#openWithinMs / 1000;
    let isLate = false;
    opening.then(
      () => (isLate ? this.#closeQuietly(hosted) : undefined),
      () => {}, // told below, or too late to matter
    );
    await within(opening, this.#openWithinMs, () => {
      isLate = true;
      return new ThingError("NOT_READY", `It had not opened after ${seconds} s.`);
    });
  }

  async #closeQuietly(hosted: HostedThing): Promise<void> {
    const late = () => new ThingError("INTERNAL", `it takes longer than ${this.#closeWithinMs} ms`);
    try {
      await within(Promise.resolve(hosted.thing.close()), this.#closeWithinMs, late);
    } catch (error) {
      this.log.error(`Thing '${hosted.name}' did not close cleanly: ${messageOf(error)}`);
    }
  }

  #checkName(name: string): void {
    const wrong = RESERVED.has(name)
      ? "is reserved for a route"
      : !NAME.test(name)
        ? "has characters beyond A-Z a-z 0-9 _ -"
        : this.things.has(name)
          ? "is taken"
          : undefined;
    if (wrong)
      throw new ThingError(
        "BAD_ARGUMENT",
        `A Thing cannot be named '${name}': the name ${wrong}. Choose another.`,
      );
  }
}
