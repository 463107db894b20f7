import { join } from "node:path";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, namedLog, silentLog } from "../base/log.ts";
import { GlobalLock } from "./global-lock.ts";
import { HostedThing, type ThingState } from "./hosted-thing.ts";
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
  /** How many invocations may run, or wait to, at once: 100. */
  maxInvocations?: number;
  log?: Log;
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
  readonly #applicationConfig: Record<string, unknown>;
  readonly #slots = new Map<string, AddOptions["slots"]>();
  readonly #stateListeners = new Set<(hosted: HostedThing) => void>();
  #opened: HostedThing[] = [];

  constructor({
    settingsFolder = "settings",
    applicationConfig = {},
    enableGlobalLock = false,
    maxInvocations = 100,
    log = silentLog,
  }: HostOptions = {}) {
    this.invocations = new Invocations({ maxRunning: maxInvocations });
    this.settingsFolder = settingsFolder;
    this.log = log;
    this.#applicationConfig = applicationConfig;
    this.globalLock = enableGlobalLock ? new GlobalLock() : undefined;
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for a name that is taken, reserved or not fit for a URL. */
  add(name: string, thing: Thing, { slots }: AddOptions = {}): HostedThing {
    this.#checkName(name);
    const log = logWithInvocation(namedLog(this.log, name));
    const folder = join(this.settingsFolder, name);
    const hosted = new HostedThing(name, thing, {
      invocations: this.invocations,
      globalLock: this.globalLock,
      settings: new SettingsFile(join(folder, `Settings-${thing.constructor.name}.json`), log),
      log: namedLog(this.log, name),
    });
    for (const warning of hosted.model.warnings) log.warn(warning);
    attach(thing, {
      name,
      log,
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

  /** Connects all slots, then opens each Thing in the order of adding. One that cannot open is listed with its reason and does not stop the others. */
  async open(): Promise<void> {
    for (const hosted of this.things.values()) await this.openThing(hosted.name);
  }

  /** Opens one Thing, also again after it failed. Resolves in any case: see its `state` and `reason`. */
  async openThing(name: string): Promise<HostedThing> {
    const hosted = this.get(name);
    if (hosted.state === "open" || hosted.state === "opening") return hosted;
    this.#setState(hosted, "opening");
    try {
      this.connectSlots(name);
      await hosted.loadSettings();
      await hosted.thing.open();
      this.#opened.push(hosted);
      this.#setState(hosted, "open");
    } catch (error) {
      this.#setState(hosted, "failed", messageOf(error));
      this.log.error(`Thing '${name}' could not open: ${hosted.reason}`);
      await this.#closeQuietly(hosted);
    }
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
  }

  /** `thingState()` of every Thing that has one, by name. */
  thingStates(): Record<string, unknown> {
    return Object.fromEntries(
      [...this.things].map(([name, { thing }]) => [name, thing.thingState()]),
    );
  }

  /** Fills the slots of one Thing, opening nothing. @throws {ThingError} `BAD_CONFIG` for the first that cannot be filled. */
  connectSlots(name: string): void {
    const hosted = this.get(name);
    const all = new Map([...this.things].map(([name, { thing }]) => [name, thing]));
    for (const slot of hosted.model.slots) {
      connectSlot(hosted.thing, slot, all, this.#slots.get(hosted.name)?.[slot.name]);
    }
  }

  #setState(hosted: HostedThing, state: ThingState, reason?: string): void {
    hosted.state = state;
    hosted.reason = reason;
    for (const listener of [...this.#stateListeners]) listener(hosted);
  }

  async #closeQuietly(hosted: HostedThing): Promise<void> {
    try {
      await hosted.thing.close();
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
