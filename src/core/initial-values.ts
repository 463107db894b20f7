import { sentenceOf } from "./faults.ts";
import { incoming } from "./schema.ts";
import type { ThingModel } from "./thing-model.ts";

const initialValues = new WeakMap<object, Map<string, unknown>>();

/** Notes the value that an accessor has when its Thing is made, for `reset`. */
export function rememberInitial(thing: object, member: string, value: unknown): void {
  const values = initialValues.get(thing) ?? new Map<string, unknown>();
  initialValues.set(thing, values.set(member, structuredClone(value)));
}

/** A copy of that value; `undefined` for what is not an accessor. */
export function initialValue(thing: object, member: string): unknown {
  return structuredClone(initialValues.get(thing)?.get(member));
}

/** A sentence for each accessor that starts with a value which its own schema refuses; one that has none yet is left out. */
export function invalidDefaults({ thing, model }: { thing: object; model: ThingModel }): string[] {
  return [...model.properties.values()].flatMap(({ name, member, schema }) => {
    const value = initialValue(thing, member);
    if (value === undefined) return [];
    const { faults } = incoming(schema, value);
    if (faults.length === 0) return [];
    return [
      `Property '${name}' of ${model.className} starts with a value that its own schema refuses, so it cannot be read: ${sentenceOf(faults)}. Give its accessor another initial value.`,
    ];
  });
}
