import assert from "node:assert/strict";

/** Asserts that `actual` has what `expected` has, at any depth, whatever else it has. */
export function assertHas(actual: unknown, expected: unknown, message?: string): void {
  assert.deepEqual(partOf(actual, expected), expected, message);
}

/** `actual` without the members that `expected` does not name. */
function partOf(actual: unknown, expected: unknown): unknown {
  if (!isObject(actual) || !isObject(expected) || Array.isArray(expected)) return actual;
  return Object.fromEntries(
    Object.keys(expected).map((key) => [key, partOf(actual[key], expected[key])]),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
