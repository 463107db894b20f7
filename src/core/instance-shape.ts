import type { TSchema } from "typebox";
import type { ActionAffordance, EventAffordance, PropertyAffordance } from "./affordances.ts";

type Own = PropertyAffordance | ActionAffordance | EventAffordance;

/** What of an affordance says how it is reached. */
export function shapeOf(affordance: Own): unknown {
  const { kind } = affordance;
  if (kind === "property") {
    const { readOnly, observable, resettable, schema } = affordance;
    return [kind, readOnly, observable, resettable, typeOf(schema)];
  }
  if (kind === "action") return [kind, affordance.synchronous, affordance.input, affordance.output];
  return [kind, affordance.role, affordance.data];
}

/** All of it that is described: its functions may be new ones each time. */
export function wordsOf(affordance: Own): unknown {
  return Object.entries(affordance).filter(
    ([member, value]) => member !== "own" && member !== "emitter" && typeof value !== "function",
  );
}

/** For what a member has in TypeScript. */
export function typeOf(schema: TSchema): string {
  const { type } = schema as { type?: unknown };
  return type === undefined ? "several types" : String(type);
}
