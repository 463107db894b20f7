import type { Static, TSchema } from "typebox";
import type { Invocation } from "./invocation.ts";
import type { Given } from "./json-value.ts";

/** How an affordance is named. */
export interface AffordanceOptions {
  /** On the wire, where the member's own name will not do. */
  name?: string;
  title?: string;
  /** What it is in the words of a vocabulary: `@type` in the Thing Description. */
  types?: readonly string[];
}

/** What an action takes and gives, and how it behaves. */
export interface ActionOptions<I extends TSchema, O extends TSchema> extends AffordanceOptions {
  /** An object schema; arguments that it does not name are refused. */
  input?: I;
  output?: O;
  /** It changes nothing. */
  safe?: boolean;
  idempotent?: boolean;
  /**
   * It takes so little time that a client had better wait for the output than ask for it. Clients of LabThings cannot
   * call it: they expect an invocation.
   */
  synchronous?: boolean;
  /**
   * It stops, cancels or releases something, always or with some inputs: it runs also when as many invocations run as
   * may. It must be quick and do no harm when it is called twice.
   */
  releases?: boolean | ((input: InputOf<I>) => boolean);
  /** How long a finished invocation can be read: 300 s. */
  retentionSeconds?: number;
  useGlobalLock?: boolean;
}

/** What an action's method gets. */
export type InputOf<I extends TSchema> = TSchema extends I ? Record<string, never> : Static<I>;
/** What it returns. */
export type OutputOf<O extends TSchema> = TSchema extends O ? unknown : Static<O>;

/** What an action's decorator stands on. */
export type ActionMethod<T, I extends TSchema, O extends TSchema> = (
  this: T,
  input: InputOf<I>,
  invocation: Invocation,
) => Promise<Given<OutputOf<O>>> | Given<OutputOf<O>>;
