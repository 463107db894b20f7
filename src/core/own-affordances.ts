import type { Static, TSchema } from "typebox";
import type { InputOf, OutputOf } from "./action-options.ts";
import type { Role } from "./affordances.ts";
import type { Given } from "./json-value.ts";
import type { Invocation } from "./running.ts";

/** How an affordance is described that a Thing adds while it runs. */
interface Described {
  /** The last part of its URL, and its key in the Thing Description: A-Z a-z 0-9 _ -. */
  name: string;
  /** What people call it. */
  title: string;
  /** What it is; the title when absent. */
  description?: string;
  /** What it is in the words of a vocabulary: `@type` in the Thing Description. */
  types?: readonly string[];
}

/** A property that a Thing adds while it runs, such as a control that its device has. */
export interface AddedProperty<S extends TSchema = TSchema> extends Described {
  schema: S;
  /** Asks the device. Its signal aborts when time is up, the client has gone, or the Thing closes. */
  read(signal: AbortSignal): Given<Static<S>> | Promise<Given<Static<S>>>;
  /**
   * Sets it in the device; read-only when absent. It resolves when the device has it, or rejects with why not: that is what its
   * writer is told. Its signal aborts when time is up or the Thing closes. Calls follow one another.
   */
  write?(value: Static<S>, signal: AbortSignal): void | Promise<void>;
  /** The Thing calls `changed(name)` whenever the value changes. */
  observable?: boolean;
  /** Kept on disk, and written to the device again whenever it opens. */
  saved?: boolean;
  /** What `reset` writes. Without it there is none. */
  initial?: Static<S>;
  /** How long the device may take, ms: 10,000 when absent, 600,000 at most. */
  withinMs?: number;
  /** Writing waits for the host's global lock, if there is one. On by default. */
  useGlobalLock?: boolean;
}

/** An action that a Thing adds while it runs. Its members are those of `@action`. */
export interface AddedAction<I extends TSchema = TSchema, O extends TSchema = TSchema>
  extends Described {
  input?: I;
  output?: O;
  /** Every wait in it takes `invocation.signal`. */
  run(input: InputOf<I>, invocation: Invocation): Given<OutputOf<O>> | Promise<Given<OutputOf<O>>>;
  safe?: boolean;
  idempotent?: boolean;
  synchronous?: boolean;
  releases?: boolean | ((input: InputOf<I>) => boolean);
  /** How long a finished invocation can be read, seconds: 300 when absent. */
  retentionSeconds?: number;
  useGlobalLock?: boolean;
}

/** An event that a Thing adds while it runs. */
export interface AddedEvent<S extends TSchema = TSchema> extends Described {
  /** Of the data that it is emitted with. */
  schema: S;
  /** Who may be told of it: `view` when absent. */
  role?: Role;
}
