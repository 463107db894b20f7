import type { FollowOptions, RemoteInvocation } from "./invocation.ts";

/**
 * What a Thing has, as types: what `thingscope types URL` writes. `readonly` properties cannot be written; `input`
 * and `output` are left out where there is none.
 */
export interface ThingTypes {
  readonly properties: object;
  readonly actions: object;
  readonly events: object;
}

/** A Thing of which no types are known: every name may be there, and every value is unknown. */
export interface AnyThing {
  properties: Record<string, unknown>;
  actions: Record<string, { input?: unknown; output?: unknown }>;
  events: Record<string, unknown>;
}

/** The keys of `T` that are not `readonly`: types that differ in `readonly` alone are not identical. */
export type WritableKeys<T> = {
  [K in keyof T]-?: IsIdentical<{ [P in K]: T[P] }, { -readonly [P in K]: T[P] }> extends true
    ? K
    : never;
}[keyof T];

type IsIdentical<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

export type InputOf<A> = A extends { input: infer I }
  ? I
  : A extends { input?: infer I }
    ? I | undefined
    : undefined;
export type OutputOf<A> = A extends { output?: infer O } ? O : undefined;

/** Options of one invocation. */
export interface InvokeOptions extends FollowOptions {
  readonly uriVariables?: Readonly<Record<string, unknown>>;
}

/** An input that may be undefined may be left out. */
export type InvokeArguments<I> = undefined extends I
  ? [input?: I, options?: InvokeOptions]
  : [input: I, options?: InvokeOptions];

/** An action: call it to run it and wait for its output. */
export interface ClientAction<I, O> {
  /**
   * Runs the action to its end.
   * @throws {ClientError} with the sentence of what it was refused for or failed with.
   */
  (...args: InvokeArguments<I>): Promise<O>;
  /** Starts the action and does not wait for its end. @throws {ClientError} when it is refused. */
  start(...args: InvokeArguments<I>): Promise<RemoteInvocation<O>>;
}
