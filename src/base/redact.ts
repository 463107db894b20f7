import { cut, preview } from "./preview.ts";
import { HIDDEN, redactText } from "./redact-text.ts";
import { thrownError } from "./thrown.ts";

const SECRET_NAME =
  /^(authorization|cookie|set-cookie)$|passw(or)?d|passphrase|secret|token|api[-_]?key/i;
const LONGEST_TEXT = 4000; // characters
const MOST_VALUES = 500;
const LONGEST_FIELDS = 8000; // characters, as JSON

/**
 * The same fields without what opens doors: members with a secret's name, and secrets inside of URLs. They are small and
 * can be written as JSON, whatever they were.
 */
export function redact(fields: Record<string, unknown>, depth = 4): Record<string, unknown> {
  try {
    const shown = redactMembers(fields, depth, { left: MOST_VALUES });
    const text = JSON.stringify(shown);
    return text.length <= LONGEST_FIELDS ? shown : { fields: cut(text, LONGEST_FIELDS) };
  } catch {
    return { fields: "They cannot be shown." }; // a cycle, a BigInt, a getter that throws
  }
}

interface Room {
  /** Values that may still be looked at. */
  left: number;
}

function redactMembers(members: object, depth: number, room: Room): Record<string, unknown> {
  const entries = Object.entries(members).slice(0, Math.max(0, room.left));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? HIDDEN : redactValue(value, depth, room),
    ]),
  );
}

function redactValue(value: unknown, depth: number, room: Room): unknown {
  room.left -= 1;
  if (typeof value === "string") return redactText(cut(value, LONGEST_TEXT));
  if (value instanceof Error) {
    const { stack, message } = thrownError(value);
    return redactText(cut(stack ?? message, LONGEST_TEXT));
  }
  if (typeof value !== "object" || value === null) return value;
  if (depth === 0) return preview(value);
  if (!Array.isArray(value)) return redactMembers({ ...value }, depth - 1, room);
  return value.slice(0, Math.max(0, room.left)).map((item) => redactValue(item, depth - 1, room));
}
