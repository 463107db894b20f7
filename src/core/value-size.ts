import { isPlainObject } from "../base/values.ts";

/** What one value and one member take beside their text, bytes: V8's headers and slots, rounded up. */
const VALUE_BYTES = 40;
const MEMBER_BYTES = 16;
/** Beyond this many values nobody counts on: what is found by then is far over every bound. */
const MOST_VALUES = 500_000;

/**
 * About how much memory a value as of JSON takes, bytes. Instances, such as a Blob, count as nothing: who made them bounds
 * them. A value that refers to itself comes to an end too.
 */
export function sizeOfValue(value: unknown): number {
  const waiting: unknown[] = [value];
  let bytes = 0;
  for (let n = 0; waiting.length > 0 && n < MOST_VALUES; n++) {
    const next = waiting.pop();
    if (typeof next === "string") bytes += VALUE_BYTES + next.length;
    else if (ArrayBuffer.isView(next)) bytes += VALUE_BYTES + next.byteLength;
    else if (Array.isArray(next)) {
      bytes += VALUE_BYTES + next.length * MEMBER_BYTES;
      for (let i = 0; i < Math.min(next.length, MOST_VALUES); i++) add(next[i], waiting);
    } else if (isPlainObject(next)) {
      bytes += VALUE_BYTES;
      for (const key of Object.keys(next)) {
        bytes += MEMBER_BYTES + key.length;
        add(memberOf(next, key), waiting);
      }
    }
  }
  return bytes;
}

/** What is in its holder's slot needs no look. */
function add(value: unknown, waiting: unknown[]): void {
  if (typeof value === "object" ? value !== null : typeof value === "string") waiting.push(value);
}

/** An output's getter may throw. */
function memberOf(object: object, key: string): unknown {
  try {
    return Reflect.get(object, key);
  } catch {
    return undefined;
  }
}
