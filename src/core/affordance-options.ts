import type { Static, TSchema } from "typebox";
import type { ActionAffordance, Role } from "./affordances.ts";
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

/** How a property is reached, of a class or of one instance. */
export interface PropertyTerms {
  /** The Thing calls `changed(name)` whenever the value changes. An accessor does so by itself. */
  observable?: boolean;
  /** How long the device may take to answer, ms: 10,000 when absent, 600,000 at most. */
  withinMs?: number;
  /** Writing waits for the host's global lock, if there is one. On by default. */
  useGlobalLock?: boolean;
}

/** For whom an event is, of a class or of one instance. */
export interface EventTerms {
  /** Who may be told of it: `view` when absent. */
  role?: Role;
}

/** What an action takes and gives, and how it behaves, of a class or of one instance. */
export interface ActionTerms<I extends TSchema, O extends TSchema> {
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
  /** Running waits for the host's global lock, if there is one. On by default. */
  useGlobalLock?: boolean;
}

export interface ActionOptions<I extends TSchema, O extends TSchema>
  extends AffordanceOptions,
    ActionTerms<I, O> {}

/** The same with all that is left out. */
export function actionTerms<I extends TSchema, O extends TSchema>({
  input,
  output,
  ...options
}: ActionTerms<I, O>) {
  return {
    ...(input && { input }),
    ...(output && { output }),
    safe: options.safe ?? false,
    idempotent: options.idempotent ?? false,
    synchronous: options.synchronous ?? false,
    releases: options.releases as ActionAffordance["releases"],
    retentionSeconds: options.retentionSeconds ?? 300,
    useGlobalLock: options.useGlobalLock ?? true,
  };
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
