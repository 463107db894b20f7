import { ThingError } from "../base/errors.ts";
import type { AffordanceOptions } from "./affordance-options.ts";

type Kind = "accessor" | "getter" | "method" | "field";

export const ACCESSOR_OR_GETTER =
  "Write 'accessor' before it, accessor NAME = ..., or make it a getter.";
export const A_METHOD = "Make it a method, NAME() { ... }.";
export const A_FIELD = "Make it a field that holds the object, readonly NAME = new ...";
export const AN_ACCESSOR = "Write 'accessor' before it: accessor NAME!: ...";

/**
 * The member that a decorator stands on. Types are not checked where TypeScript is run as it is, nor in JavaScript.
 * @param kinds - What it may stand on.
 * @param howTo - The way out, with NAME for the member.
 * @throws {ThingError} `BAD_ARGUMENT` when it stands on anything else.
 */
export function memberName(
  context: { kind: string; name: string | symbol; private: boolean; static: boolean },
  kinds: readonly Kind[],
  howTo: string,
): string {
  if (
    typeof context !== "object" ||
    typeof context.name !== "string" ||
    context.private ||
    context.static
  ) {
    throw new TypeError(
      `An affordance must be a public member of an instance, not ${String(context?.name)}. (If every decorator fails so, switch 'experimentalDecorators' off.)`,
    );
  }
  if (kinds.some((kind) => kind === context.kind)) return context.name;
  throw new ThingError(
    "BAD_ARGUMENT",
    `The decorator of '${context.name}' is on a ${context.kind}. ${howTo.replaceAll("NAME", context.name)}`,
  );
}

/** How an affordance is called, of the member and its decorator's options. */
export function naming(
  member: string,
  description: string,
  { name, title, types }: AffordanceOptions,
) {
  return {
    ...{ name: name ?? member, member, description },
    ...(title !== undefined && { title }),
    ...(types && { types }),
  };
}

/** The name of an object's class, for sentences and file names. A class can have a static member `name` that is no text, or throws. */
export function classNameOf(object: object): string {
  try {
    const { name }: { name: unknown } = object.constructor;
    return typeof name === "string" ? name : "Thing";
  } catch {
    return "Thing";
  }
}
