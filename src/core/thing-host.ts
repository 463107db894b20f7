import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STOP_WITHIN_MS } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, namedLog, silentLog } from "../base/log.ts";
import { filedLog, LogFolder, SERVER_LOG } from "../base/log-folder.ts";
import { closeInOrder } from "./closing-order.ts";
import { GlobalLock } from "./global-lock.ts";
import { type AddOptions, checkThingName, type HostOptions } from "./host-options.ts";
import { HostedThing } from "./hosted-thing.ts";
import { invalidDefaults } from "./initial-values.ts";
import type { ModelChange } from "./instance-affordances.ts";
import { soundWords } from "./instance-words.ts";
import { currentInvocation, logWithInvocation } from "./invocation.ts";
import { Invocations } from "./invocations.ts";
import { jsonCopy } from "./json-value.ts";
import { classNameOf } from "./member-name.ts";
import { openInTurn } from "./opening-order.ts";
import { runAsThing } from "./running.ts";
import { SettingsFile } from "./settings-file.ts";
import { SettingsFolder } from "./settings-folder.ts";
import { connectSlot, usedBy } from "./slots.ts";
import { attach, type Thing, type ThingContext } from "./thing.ts";
import { ThingLife } from "./thing-life.ts";
import { soundModelOf, thingModelOf } from "./thing-model.ts";

/** The Things of one process, without HTTP: opens them in order, keeps their settings and invocations, closes them together. */
export class ThingHost {
  readonly things = new Map<string, HostedThing>();
  readonly invocations: Invocations;
  readonly globalLock: GlobalLock | undefined;
  readonly settingsFolder: string;
  readonly log: Log;
  readonly logFiles: LogFolder | undefined;
  /** Set by a server where somebody has to log in. */
  hasLogin = false;
  readonly others: NonNullable<ThingContext["others"]> = { beforeLeaving: new Set() };
  readonly #givenLog: Log;
  readonly #folder: SettingsFolder;
  readonly #openWithinMs: number;
  readonly #closeWithinMs: number;
  readonly #applicationConfig: Record<string, unknown>;
  readonly #slots = new Map<string, AddOptions["slots"]>();
  readonly #stateListeners = new Set<(hosted: HostedThing) => void>();
  readonly #modelListeners = new Set<(hosted: HostedThing, change: ModelChange) => void>();
  readonly #lives = new Map<string, ThingLife>();
  readonly #isTemporary: boolean;
  readonly #reopenAfterMs: readonly [number, number];
  #closing: Promise<void> | undefined;
  /** How often it was closed: what began before that must not open a Thing after it. */
  #closes = 0;

  constructor({
    settingsFolder,
    applicationConfig = {},
    enableGlobalLock = false,
    globalLockLogLevel,
    openWithinMs = 30_000,
    closeWithinMs = STOP_WITHIN_MS - 1000,
    reopenAfterMs = [1_000, 60_000],
    invocations,
    log = silentLog,
    logFolder,
  }: HostOptions = {}) {
    this.invocations = new Invocations(invocations);
    this.#isTemporary = settingsFolder === undefined;
    this.settingsFolder = settingsFolder ?? join(tmpdir(), `thingscope-settings-${randomUUID()}`);
    this.#givenLog = log;
    this.logFiles = logFolder === undefined ? undefined : new LogFolder(logFolder, { log });
    this.log = filedLog(log, this.logFiles, SERVER_LOG);
    this.#folder = new SettingsFolder(this.settingsFolder, this.log);
    this.#applicationConfig = applicationConfig;
    this.globalLock = enableGlobalLock ? new GlobalLock(globalLockLogLevel) : undefined;
    this.#openWithinMs = openWithinMs;
    this.#closeWithinMs = closeWithinMs;
    this.#reopenAfterMs = reopenAfterMs;
  }

  /**
   * @throws {ThingError} `BAD_ARGUMENT` for a name that is taken, reserved or not fit for a URL, and for a class that cannot be served:
   *   see `thingModelOf`.
   */
  add(name: string, thing: Thing, options: AddOptions = {}): HostedThing {
    const { slots, keepRefused = false } = options;
    checkThingName(name, this.things);
    const ownLog = filedLog(namedLog(this.#givenLog, name), this.logFiles, name);
    const log = logWithInvocation(ownLog);
    const folder = join(this.settingsFolder, name);
    const model = keepRefused ? soundModelOf(thing) : thingModelOf(thing);
    const hosted = new HostedThing(name, thing, model, {
      invocations: this.invocations,
      globalLock: this.globalLock,
      settings: new SettingsFile(join(folder, `Settings-${classNameOf(thing)}.json`), log),
      ...{ log: ownLog, words: soundWords(`Thing '${name}'`, options) },
      claimFolder: () => this.#folder.claim(),
      onModel: (changed, change) => this.#tellModel(changed, change),
    });
    for (const warning of [...hosted.model.warnings, ...invalidDefaults(hosted)]) log.warn(warning);
    const host = this;
    attach(thing, {
      ...{ name, log, logFiles: this.logFiles, others: this.others },
      get hasLogin() {
        return host.hasLogin; // a server comes after its Things
      },
      settingsFolder: folder,
      applicationConfig: structuredClone(this.#applicationConfig),
      thingStates: () => this.thingStates(),
      changed: (property) => hosted.propertyChanged(property),
      disconnected: (reason) => life.disconnected(reason),
      troubled: (reason) => {
        hosted.trouble = reason;
      },
      assertUsable: (what) => hosted.assertUsable(what),
      assertMaySet: (property) => this.#assertMaySet(name, property),
      isObserved: () => hosted.isObserved,
    });
    const life = new ThingLife(hosted, {
      log: this.log,
      openWithinMs: this.#openWithinMs,
      closeWithinMs: this.#closeWithinMs,
      reopenAfterMs: this.#reopenAfterMs,
      connectSlots: () => this.connectSlots(name),
      claimFolder: () => this.#folder.claim(),
      cancelActions: () => this.#cancelActions(name),
      onState: () => this.#tellState(hosted),
    });
    this.things.set(name, hosted);
    this.#lives.set(name, life);
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
   * Connects the slots and loads the settings of all Things, then opens each in the order of adding: see `openInTurn`. One
   * that cannot open is listed with its reason and does not stop the others.
   * @throws {ThingError} `SETTINGS_IN_USE` when another process keeps its settings in the same folder.
   */
  async open(): Promise<void> {
    await this.#closing;
    const closes = this.#closes;
    await this.#takeFolder();
    if (closes !== this.#closes) {
      await this.#folder.release();
      return;
    }
    await openInTurn([...this.#lives.values()]);
  }

  /** Opens one Thing, also again after it failed. Resolves in any case: see its `state` and `reason`. */
  async openThing(name: string): Promise<HostedThing> {
    const hosted = this.get(name);
    if (!this.#closing) await this.#lives.get(name)?.open();
    return hosted;
  }

  /**
   * Closes some Things and takes them out; `add` then adds others, which are opened. The rest is not touched, so no Thing that
   * stays may have one that goes in a slot.
   */
  async exchange(names: readonly string[], add: () => Promise<void>): Promise<void> {
    const closes = this.#closes;
    const lives = names.flatMap((name) => this.#lives.get(name) ?? []);
    for (const name of names) this.#cancelActions(name);
    await this.#closeTogether(lives.reverse(), performance.now() + this.#closeWithinMs);
    if (closes !== this.#closes) return;
    const left = names.flatMap((name) => this.things.get(name) ?? []);
    for (const map of [this.things, this.#lives, this.#slots]) {
      for (const name of names) map.delete(name);
    }
    try {
      await add();
    } finally {
      for (const { departure } of left) departure.leave(); // who comes again finds what there is now
    }
    if (closes === this.#closes) await this.open();
  }

  /** Which Things one has in its slots, by name. */
  usedBy(name: string): string[] {
    const used = new Set(usedBy(this.get(name).thing));
    return [...this.things.values()].filter(({ thing }) => used.has(thing)).map(({ name }) => name);
  }

  /** Calls `listener` whenever a Thing begins to open, is open, has failed to open, or is closed. */
  onState(listener: (hosted: HostedThing) => void): () => void {
    this.#stateListeners.add(listener);
    return () => void this.#stateListeners.delete(listener);
  }

  /** Calls `listener` whenever a Thing itself has changed its model, in that tick. */
  onModel(listener: (hosted: HostedThing, change: ModelChange) => void): () => void {
    this.#modelListeners.add(listener);
    return () => void this.#modelListeners.delete(listener);
  }

  /**
   * Cancels what runs, saves the settings, then closes all Things at the same time, except that one with others in its
   * slots closes before them; also while they open. Never rejects: failures are logged.
   */
  close(): Promise<void> {
    this.#closes += 1;
    this.#closing ??= this.#close().finally(() => {
      this.#closing = undefined;
    });
    return this.#closing;
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
        `Thing '${name}' cannot report its state: ${messageOf(error)}`,
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

  /** Only actions are bound by the lock: a driver that notices a new value has to be able to tell it. */
  #assertMaySet(name: string, property: string): void {
    const invocation = currentInvocation();
    if (invocation)
      this.globalLock?.assertFree(invocation, `setting '${property}' of Thing '${name}'`);
  }

  async #takeFolder(): Promise<void> {
    const properties = [...this.things.values()].flatMap(({ model }) => [
      ...model.properties.values(),
    ]);
    if (!properties.some(({ saved }) => saved)) return;
    await this.#folder.take();
  }

  async #close(): Promise<void> {
    const deadline = performance.now() + this.#closeWithinMs;
    await this.invocations.cancelAll(Math.min(1000, this.#closeWithinMs / 4));
    await this.#closeTogether([...this.#lives.values()].reverse(), deadline);
    this.invocations.clear();
    await this.#folder.release();
    if (this.#isTemporary) await rm(this.settingsFolder, { recursive: true, force: true });
    await this.logFiles?.written();
  }

  async #closeTogether(lives: readonly ThingLife[], deadline: number): Promise<void> {
    const left = () => Math.max(1, deadline - performance.now());
    const third = left() / 3;
    await Promise.all(lives.map((life) => life.saveSettings(third)));
    const lifeOf = new Map<object, ThingLife>(lives.map((life) => [life.hosted.thing, life]));
    await closeInOrder({
      things: lives,
      uses: ({ hosted }) => usedBy(hosted.thing).flatMap((thing) => lifeOf.get(thing) ?? []),
      withinMs: left(),
      close: (life, limitMs) => life.close(limitMs),
    });
  }

  #cancelActions(thing: string): void {
    for (const record of this.invocations.list({ thing }))
      if (!record.finished) record.cancel(true);
  }

  #tellModel(hosted: HostedThing, change: ModelChange): void {
    for (const listener of [...this.#modelListeners]) listener(hosted, change);
  }

  #tellState(hosted: HostedThing): void {
    for (const listener of [...this.#stateListeners]) listener(hosted);
  }
}
