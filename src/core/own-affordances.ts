import type { Static, TSchema } from "typebox";
import type {
  ActionTerms,
  AffordanceOptions,
  EventTerms,
  InputOf,
  OutputOf,
  PropertyTerms,
} from "./affordance-options.ts";
import type { Given } from "./json-value.ts";
import type { Invocation } from "./running.ts";

/** How an affordance is described that a Thing adds while it runs. */
interface Described extends AffordanceOptions {
  /** The last part of its URL, and its key in the Thing Description: A-Z a-z 0-9 _ -. */
  name: string;
  /** What people call it. */
  title: string;
  /** What it is; the title when absent. */
  description?: string;
}

/** A property that a Thing adds while it runs, such as a control that its device has. */
export interface AddedProperty<S extends TSchema = TSchema> extends Described, PropertyTerms {
  schema: S;
  /** Asks the device. Its signal aborts when time is up, the client has gone, or the Thing closes. */
  read(signal: AbortSignal): Given<Static<S>> | Promise<Given<Static<S>>>;
  /**
   * Sets it in the device; read-only when absent. It resolves when the device has it, or rejects with why not: that is what its
   * writer is told. Its signal aborts when time is up or the Thing closes. Calls follow one another.
   */
  write?(value: Static<S>, signal: AbortSignal): void | Promise<void>;
  /** Kept on disk, and written to the device again whenever it opens. */
  saved?: boolean;
  /** What `reset` writes. Without it there is none. */
  initial?: Static<S>;
}

/** An action that a Thing adds while it runs. */
export interface AddedAction<I extends TSchema = TSchema, O extends TSchema = TSchema>
  extends Described,
    ActionTerms<I, O> {
  /** Every wait in it takes `invocation.signal`. */
  run(input: InputOf<I>, invocation: Invocation): Given<OutputOf<O>> | Promise<Given<OutputOf<O>>>;
}

/** An event that a Thing adds while it runs. */
export interface AddedEvent<S extends TSchema = TSchema> extends Described, EventTerms {
  /** Of the data that it is emitted with. */
  schema: S;
}
