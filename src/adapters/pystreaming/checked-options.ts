import { ThingError } from "../../base/errors.ts";

/** @throws {ThingError} `BAD_ARGUMENT` for an option that the class does not have. */
export function requireKnown(name: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).filter((option) => !known.includes(option));
  if (unknown.length === 0) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `${name} has no option '${unknown[0]}'. It has: ${known.join(", ")}.`,
  );
}

/** @throws {ThingError} `BAD_ARGUMENT` for a value that is none of them. */
export function requireOneOf(option: string, value: unknown, values: readonly string[]): void {
  if (typeof value === "string" && values.includes(value)) return;
  throw new ThingError("BAD_ARGUMENT", `${option} is ${values.join(" or ")}, not '${value}'.`);
}
