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
