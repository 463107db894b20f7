import type { Static, TSchema } from "typebox";
import { type Log, silentLog } from "../base/log.ts";
import type { LogFolder } from "../base/log-folder.ts";
import type { Affordance } from "./affordances.ts";
import type { ThingEvent } from "./event.ts";
import { instanceAffordances } from "./instance-affordances.ts";
import { classNameOf } from "./member-name.ts";
import type { MirrorHop } from "./mirror-hop.ts";
import type { AddedAction, AddedEvent, AddedProperty } from "./own-affordances.ts";
import type { PeerAccess } from "./peers.ts";

/** What a Thing sees of the host that it lives in: a narrow door, so that a test can stand in for it. */
export interface ThingContext {
  /** The name in the configuration and in the URL. */
  readonly name: string;
  readonly log: Log;
  /** The log files of this host, if it keeps any. */
  readonly logFiles?: LogFolder | undefined;
  /** Whether whoever uses the server has to log in: what is told past it must not be what it protects. */
  readonly hasLogin?: boolean;
  /** The Things of other servers of a fleet, once this server has joined one. */
  readonly others?: PeerAccess;
  /** Folder in which this Thing may keep files of its own. */
  readonly settingsFolder: string;
  /** What the configuration gives to all Things; a copy. */
  readonly applicationConfig: Record<string, unknown>;
  /** `thingState()` of every Thing by name. */
  thingStates(): Record<string, unknown>;
  /** Called when a property has a new value. */
  changed(property: string): void;
  /**
   * For a Thing whose hardware has gone while it was open: it is closed, whoever uses it is told the reason, a sentence,
   * and it is opened again after 1 s, then 2 s, 4 s and so on, up to 60 s.
   */
  disconnected(reason: string): void;
  /**
   * For a Thing that works, and of which something does not, such as the disk that it writes to: `/health` and its lamp say so, in
   * this sentence, until it is called with undefined or the Thing closes.
   */
  troubled?(reason: string | undefined): void;
  /** @throws {ThingError} `NOT_READY` when it could not open, or is disconnected; `what` cannot be done then. */
  assertUsable(what: string): void;
  /** @throws {ThingError} `LOCK_BUSY` when an action outside the global lock sets a property inside it, and another action holds it. */
  assertMaySet?(property: string): void;
  /** Whether anybody has asked to be told of changes: what a device has to be polled for need not be polled otherwise. */
  isObserved?(): boolean;
}

const contexts = new WeakMap<Thing, ThingContext>();

/** Puts a Thing into its host. Hosts call it once; a test may, to run a Thing on its own. */
export function attach(thing: Thing, context: ThingContext): void {
  contexts.set(thing, context);
}

/** @throws {ThingError} `NOT_READY` for a Thing that could not open, or is disconnected: its members would fail in words of their own. */
export function assertUsable(thing: Thing, what: string): void {
  contexts.get(thing)?.assertUsable(what);
}

/** @throws {ThingError} `LOCK_BUSY` when an action outside the global lock sets a property inside it, and another action holds it. */
export function assertMaySet(thing: Thing, property: string): void {
  contexts.get(thing)?.assertMaySet?.(property);
}

/**
 * An instrument: one class whose decorated members are its properties, actions, events, settings and streams.
 *
 * The constructor takes one object of options and touches no hardware; `open` does, and `close` releases it.
 */
export abstract class Thing {
  /** What people call it; the class name when absent. */
  static readonly title?: string;
  /** What it is and does, for the Thing Description. */
  static readonly description?: string;
  /**
   * What it is in the words of a vocabulary: `@type` of the Thing Description, at most 20 texts. The dashboard has an instrument panel
   * for `Camera`, `Stage`, `Autofocus`, `Recorder` and `Scan` (docs/dashboard.md); subclasses inherit them.
   */
  static readonly types?: readonly string[];
  /** For classes without decorators: their affordances. */
  static readonly affordances?: readonly Affordance[];

  /** The Things that it mirrors, from the one that has the instrument to the one that it is connected to; its description lists them. */
  readonly mirrorOf?: readonly MirrorHop[];
  /** Of a mirror: the ids of those Things and, last, its own. Its streams tell them, so that a stream is not pulled from itself. */
  get mirrorPath(): readonly string[] | undefined {
    return undefined;
  }

  /** Its name in the host, `""` before it is in one. */
  get name(): string {
    return contexts.get(this)?.name ?? "";
  }

  /** Its log. Lines written while one of its actions runs are kept with that invocation too. */
  get log(): Log {
    return contexts.get(this)?.log ?? silentLog;
  }

  /** The host that it lives in. @throws {TypeError} outside a host. */
  get context(): ThingContext {
    const context = contexts.get(this);
    if (!context)
      throw new TypeError(
        `${classNameOf(this)} is not in a host yet. Add it to a ThingHost first.`,
      );
    return context;
  }

  /**
   * Takes hold of the hardware. Slots are connected by now and settings are loaded, except those that are a getter and a
   * setter: they are set once it is open.
   */
  open(): void | Promise<void> {}

  /** Releases everything that `open` took. It may be called when `open` has failed halfway, and twice. */
  close(): void | Promise<void> {}

  /** Tells observers that a property has a new value. An `accessor` calls it by itself. */
  changed(property: string): void {
    contexts.get(this)?.changed(property);
  }

  /**
   * Says what this instance is called, and what it is, in the place of its class's `title` and `description`: at any time, normally in
   * `open`, when its device has told its name. The configuration's own words come before these. What is absent stays as it is, and
   * what is empty is the class's again. Control characters become spaces, and what is too long is cut (200 and 10,000 characters).
   * What it does not say again when it opens anew is the class's then; what the constructor says stays.
   * @throws {ThingError} `BAD_ARGUMENT` for what is no text.
   */
  describeAs(words: { title?: string | undefined; description?: string | undefined }): void {
    instanceAffordances(this).describeAs(words);
  }

  /**
   * Adds a property that this instance has beside those of its class, such as a control of its device: at any time, normally in `open`.
   * Adding it again changes it, and adding the same again changes nothing. While the Thing is closed or disconnected it stays
   * described; what it does not add again when it opens is removed then. What the constructor adds stays.
   * @throws {ThingError} `BAD_ARGUMENT` for a name that a decorator would not take, or that is used, for a schema that cannot be
   *   used, and for more than 1000 such affordances.
   */
  addProperty<S extends TSchema>(property: AddedProperty<S>): void {
    instanceAffordances(this).addProperty(property);
  }

  /** Removes a property that it has added. What is saved of it stays in the settings file. @throws {ThingError} `UNKNOWN_AFFORDANCE`. */
  removeProperty(name: string): void {
    instanceAffordances(this).remove("property", name);
  }

  /**
   * Moves the limits of a property, also of a decorated one, for this instance: the Thing Description and the validation of new values
   * follow at once. A value that no longer fits cannot be read: set it first.
   * @param schema - The whole schema from now on, of the same type.
   * @throws {ThingError} `UNKNOWN_AFFORDANCE`; `BAD_ARGUMENT` for a schema that cannot be used, or is of another type.
   */
  changeSchema(name: string, schema: TSchema): void {
    instanceAffordances(this).changeSchema(name, schema);
  }

  /** Adds an action, as `addProperty` does a property. @throws {ThingError} `BAD_ARGUMENT`. */
  addAction<I extends TSchema = TSchema, O extends TSchema = TSchema>(
    action: AddedAction<I, O>,
  ): void {
    instanceAffordances(this).addAction(action);
  }

  /** Removes an action that it has added; what runs of it goes on. @throws {ThingError} `UNKNOWN_AFFORDANCE`. */
  removeAction(name: string): void {
    instanceAffordances(this).remove("action", name);
  }

  /**
   * Adds an event, as `addProperty` does a property.
   * @returns What to emit it with; the same one when it is added again.
   * @throws {ThingError} `BAD_ARGUMENT`.
   */
  addEvent<S extends TSchema>(event: AddedEvent<S>): ThingEvent<Static<S>> {
    return instanceAffordances(this).addEvent(event);
  }

  /** Removes an event that it has added. @throws {ThingError} `UNKNOWN_AFFORDANCE`. */
  removeEvent(name: string): void {
    instanceAffordances(this).remove("event", name);
  }

  /** What belongs beside a picture or a recording as its circumstances, e.g. a stage's position. */
  thingState(): Record<string, unknown> {
    return {};
  }
}
