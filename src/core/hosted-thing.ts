import { stopped } from "../base/abort.ts";
import { ThingError, unknownAffordance } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { PropertyAffordance } from "./affordances.ts";
import { Departure } from "./departure.ts";
import { EventAccess } from "./event-access.ts";
import type { GlobalLock } from "./global-lock.ts";
import { HostedActions } from "./hosted-actions.ts";
import { initialValue } from "./initial-values.ts";
import {
  type InstanceAffordances,
  instanceAffordances,
  type ModelChange,
} from "./instance-affordances.ts";
import { type SomeWords, withWords } from "./instance-words.ts";
import { currentInvocation, type InvocationRecord } from "./invocation.ts";
import type { Invocations } from "./invocations.ts";
import { PropertyAccess } from "./property-access.ts";
import { PropertyObservers } from "./property-observers.ts";
import { PropertyWrites } from "./property-writes.ts";
import { accept } from "./schema.ts";
import type { SettingsFile } from "./settings-file.ts";
import type { Thing } from "./thing.ts";
import { faultsFor, type ThingFaults } from "./thing-faults.ts";
import type { ThingModel } from "./thing-model.ts";
import { ThingSettings } from "./thing-settings.ts";
import { LifeState, notReady, type ThingState, whileOpening } from "./thing-state.ts";
import { writeMultiple } from "./write-multiple.ts";

type Members = Record<string, unknown>;

/** What a hosted Thing shares with the others of its host. */
interface HostServices {
  readonly invocations: Invocations;
  readonly globalLock: GlobalLock | undefined;
  readonly settings: SettingsFile;
  readonly log: Log;
  /** Makes sure that no other process writes into the folder of the settings. @throws {ThingError} `SETTINGS_IN_USE`. */
  readonly claimFolder: () => Promise<void>;
  /** What the configuration calls it. */
  readonly words: SomeWords;
  /** Called when the Thing itself has changed its model, in that tick. */
  readonly onModel: (hosted: HostedThing, change: ModelChange) => void;
}

/** A Thing in its host: every access by name, validated, locked and observed. What HTTP and WebSocket call. */
export class HostedThing extends LifeState {
  readonly name: string;
  readonly thing: Thing;
  /** What its class declares, and all Things of that class have. */
  readonly classModel: ThingModel;
  /** What it has added itself. */
  readonly instance: InstanceAffordances;
  readonly settings: ThingSettings;
  readonly departure: Departure;
  readonly #host: HostServices;
  /** What the Thing's own code has failed at: the joint through which all of it is called. */
  readonly faults: ThingFaults;
  readonly #access: PropertyAccess;
  readonly #observers: PropertyObservers;
  readonly #writes: PropertyWrites;
  readonly #events: EventAccess;
  readonly #actions: HostedActions;
  #model: ThingModel | undefined;
  readonly #modelListeners = new Set<() => void>();
  /** The objects that streams and files stand for, read once: a getter could throw in the middle of a request. */
  readonly #held: ReadonlyMap<object, unknown>;

  constructor(name: string, thing: Thing, model: ThingModel, host: HostServices) {
    super();
    this.name = name;
    this.thing = thing;
    this.classModel = model;
    this.instance = instanceAffordances(thing);
    this.departure = new Departure(name);
    this.#host = host;
    this.faults = faultsFor(thing, name, host.log);
    this.#access = new PropertyAccess(thing, this.faults, {
      notOpen: (what) => notReady(this, what),
      schemaOf: (property) => this.model.properties.get(property)?.schema,
    });
    this.#observers = new PropertyObservers(this.#access, this.faults);
    this.#writes = new PropertyWrites({
      ...{ name, thing, access: this.#access, observers: this.#observers },
      properties: () => this.model.properties,
      onTouched: (property, written) => this.settings.touch(property, written),
      saveLater: () => this.settings.saveLater(),
    });
    this.settings = new ThingSettings({
      ...{ name, thing, access: this.#access, writes: this.#writes },
      properties: () => this.model.properties.values(),
      ...{ file: host.settings, log: host.log, claimFolder: host.claimFolder },
    });
    this.departure.onLeft(() => this.settings.end());
    this.#held = new Map(
      [...model.streams.values(), ...model.files].map((one) => [one, this.#members[one.member]]),
    );
    this.#events = new EventAccess(thing, this.model.events.values(), this.faults);
    this.#actions = new HostedActions({
      ...{ thing, faults: this.faults, invocations: host.invocations, log: host.log },
      busyLevel: host.globalLock?.logLevel,
      assertOpen: (what) => this.assertOpen(what),
      locked: (wanted, what, work, holder) => this.#locked(wanted, what, work, holder),
    });
    this.instance.follow((change) => this.#modelChanged(change));
  }

  /** What it has now: all of its class, and what it has added itself. */
  get model(): ThingModel {
    this.#model ??= withWords(this.instance.in(this.classModel), this.#host.words);
    return this.#model;
  }

  /** Its life has come so far. What still waits for its device then is ended, unless it is open or opens. */
  override become(state: ThingState, reason?: string): void {
    super.become(state, reason);
    if (state !== "open" && state !== "opening")
      this.#access.endCalls(stopped(`Thing '${this.name}' is ${state}.`));
  }

  /** @throws {ThingError} `NOT_READY` unless the Thing is open; `what` it cannot do then is said, e.g. "run action 'move'". */
  assertOpen(what: string): void {
    const error = notReady(this, what);
    if (error) throw error;
  }

  /** @throws {ThingError} `NOT_READY` when it could not open, or is disconnected: for those that work with it directly. */
  assertUsable(what: string): void {
    if (this.state === "failed" || this.state === "disconnected") this.assertOpen(what);
  }

  /**
   * A copy of the value that a property has. While the Thing opens it waits, 5 s at most.
   * @throws {ThingError} `NOT_READY` unless it is open; `INVALID_OUTPUT` when a getter returns what its own schema refuses;
   *   `PROPERTY_FAILED`, or its own code, when it throws.
   * @param gone - Aborts when nobody wants it any more: then it rejects with that reason.
   */
  async readProperty(name: string, gone?: AbortSignal): Promise<unknown> {
    const property = this.#property(name);
    // What of a refused class is sound can be read: it has no other state to come.
    if (this.model.refusals.length === 0) await this.#whenOpen(`read property '${name}'`);
    return this.#access.read(property, gone);
  }

  /** Sets a property; a setting is on disk when this resolves. @throws {ThingError} `READ_ONLY`, `INVALID_INPUT`, `LOCK_BUSY`. */
  async writeProperty(name: string, value: unknown): Promise<void> {
    if (this.state === "opening") await whileOpening(this); // that may move limits
    const property = this.#property(name);
    const what = `Property '${name}' of Thing '${this.name}'`;
    if (property.readOnly) throw new ThingError("READ_ONLY", `${what} is read-only.`);
    await this.#write("write", property, accept(property.schema, value, what), what);
  }

  /**
   * Sets several properties, or none of them, in the order given, except that a value outside of limits is set behind those that
   * may move them. Values are validated first, and what was set is restored when a later one fails.
   * @throws {ThingError} `INVALID_INPUT`, `UNKNOWN_AFFORDANCE`, `LOCK_BUSY`, or what a setter throws, with what was and what was not restored.
   */
  async writeProperties(values: unknown): Promise<void> {
    if (this.state === "opening") await whileOpening(this); // that may move limits
    const wanted = this.#writes.wanted(values);
    this.assertOpen("write properties");
    const locked = wanted.properties.some(({ useGlobalLock }) => useGlobalLock);
    const what = `setting ${wanted.properties.length} properties of Thing '${this.name}'`;
    const ways = { access: this.#access, writes: this.#writes, settings: this.settings };
    await this.#locked(locked, what, () => writeMultiple(this.name, wanted, ways));
  }

  /** Gives an accessor the value that it had when the Thing was made. @throws {ThingError} `NOT_FOUND` for a getter. */
  async resetProperty(name: string): Promise<void> {
    const property = this.#property(name);
    if (!property.resettable) {
      throw new ThingError(
        "NOT_FOUND",
        `Property '${name}' of Thing '${this.name}' has no initial value to go back to. Write the value that you want.`,
      );
    }
    const what = `Property '${name}' of Thing '${this.name}'`;
    const { own: added, member } = property;
    const initial = added ? added.initial : initialValue(this.thing, member);
    const own = accept(property.schema, initial, what, { isOwn: true });
    await this.#write("reset", property, own, what);
  }

  /**
   * Starts an action and returns at once. The record tells how it goes.
   * @param input - `undefined` for none; `null` is a value.
   * @throws {ThingError} `INVALID_INPUT`, `NOT_READY` while the Thing is not open, `TOO_MANY_INVOCATIONS`, `UNKNOWN_AFFORDANCE`.
   */
  invoke(name: string, input: unknown): InvocationRecord {
    return this.#actions.invoke(this.#found("action", name, this.model.actions), input);
  }

  /** Calls `listener` whenever the Thing itself has changed its model, in that tick. */
  onModel(listener: () => void): () => void {
    this.#modelListeners.add(listener);
    return () => void this.#modelListeners.delete(listener);
  }

  get isObserved(): boolean {
    return this.#observers.isHeard;
  }

  /** Calls `listener` at each change of an observable property. */
  onChange(listener: (name: string, value: unknown) => void): () => void {
    return this.#observers.onChange(listener);
  }

  /** Calls `listener` whenever an observable property has changed and cannot be read, with the reason. */
  onPropertyFault(listener: (name: string, problem: ThingError) => void): () => void {
    return this.#observers.onFault(listener);
  }

  /** Calls `listener` whenever an invocation of this Thing begins or changes its status. */
  onInvocation(listener: (record: InvocationRecord) => void): () => void {
    return this.#actions.onInvocation(listener);
  }

  /** Calls `listener` at each emission of one event, with a copy of its data that fits its schema. */
  onEvent(name: string, listener: (data: unknown) => void): () => void {
    return this.#events.onData(this.#found("event", name, this.model.events), listener);
  }

  /** Calls `listener` with the reason whenever one event is emitted with what cannot be told. */
  onEventFault(name: string, listener: (problem: ThingError) => void): () => void {
    return this.#events.onFault(this.#found("event", name, this.model.events), listener);
  }

  /** The object that a stream affordance stands for. */
  streamOf(name: string): unknown {
    return this.#held.get(this.#found("stream", name, this.model.streams));
  }

  /** The object that a `files` affordance stands for. */
  filesOf(name: string): unknown {
    const files = this.model.files.find((one) => one.name === name);
    if (!files) throw unknownAffordance(this.name, "files", name, []);
    return this.#held.get(files);
  }

  /** A Thing's code said that a property changed: tells observers, and saves a setting. */
  propertyChanged(name: string): void {
    const property = this.model.properties.get(name);
    if (property && !this.#access.isReadQuietly(property)) this.#writes.changed(property);
  }

  #modelChanged(change: ModelChange): void {
    this.#model = undefined;
    this.#events.update(this.model.events.values());
    this.#host.onModel(this, change);
    for (const listener of [...this.#modelListeners]) listener();
    void this.settings.attachAdded();
  }

  /** @param value - One that fits. Resolves when it is set, and a setting is on disk. */
  async #write(
    verb: "write" | "reset",
    property: PropertyAffordance,
    value: unknown,
    what: string,
  ) {
    await this.#whenOpen(`${verb} property '${property.name}'`);
    const write = () => this.#writes.write(property, value, "client");
    await this.#locked(property.useGlobalLock, what, write);
    if (property.saved) await this.settings.save();
  }

  async #whenOpen(what: string): Promise<void> {
    await whileOpening(this);
    this.assertOpen(what);
  }

  get #members(): Members {
    return this.thing as unknown as Members;
  }

  #property(name: string): PropertyAffordance {
    return this.#found("property", name, this.model.properties);
  }

  /** @throws {ThingError} `UNKNOWN_AFFORDANCE`. */
  #found<A>(kind: string, name: string, known: ReadonlyMap<string, A>): A {
    const affordance = known.get(name);
    if (affordance === undefined) throw unknownAffordance(this.name, kind, name, known.keys());
    return affordance;
  }

  async #locked<T>(
    wanted: boolean,
    what: string,
    work: () => Promise<T> | T,
    holder?: unknown,
  ): Promise<T> {
    const lock = wanted ? this.#host.globalLock : undefined;
    return lock ? lock.hold(holder ?? currentInvocation() ?? {}, what, work) : work();
  }
}
