import { ERROR_STATUS, messageOf, ThingError } from "./errors.ts";
import { cut } from "./preview.ts";

const LONGEST_NAME = 100; // characters
const LONGEST_MESSAGE = 4000;
const LONGEST_STACK = 16_000;

interface NodeProcess {
  getBuiltinModule?(name: string): { types: { isProxy(value: unknown): boolean } };
}

/** The client has this file in browsers, too: they cannot tell a proxy, and no Things run there. */
const isProxy =
  (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.("node:util").types
    .isProxy ?? (() => false);

/**
 * Anything that was thrown, as an error that can be read, logged and told without harm: its name, message and stack are strings of
 * bounded length. An error that is so already stays itself. Whoever catches what the code of a Thing throws calls this first:
 * a getter `message`, a revoked proxy or a symbol would throw again in the hands of whoever reads it. Never throws.
 */
export function thrownError(thrown: unknown): Error {
  try {
    if (isSound(thrown)) return thrown;
  } catch {
    // It cannot even be looked at.
  }
  return soundCopy(thrown);
}

function isSound(thrown: unknown): thrown is Error {
  if (isProxy(thrown) || !(thrown instanceof Error)) return false;
  const isReadable =
    isText(thrown, "name", LONGEST_NAME) &&
    isText(thrown, "message", LONGEST_MESSAGE) &&
    isText(thrown, "stack", LONGEST_STACK);
  return isReadable && (!(thrown instanceof ThingError) || isOurs(thrown));
}

/** Whether a member is text that stays the same: no getter but the engine's own. */
function isText(error: Error, name: string, most: number): boolean {
  for (let at: object | null = error; at !== null; at = Object.getPrototypeOf(at)) {
    if (isProxy(at)) return false;
    const member = Object.getOwnPropertyDescriptor(at, name);
    if (!member) continue;
    const isNative = at === DOMException.prototype || (member.get && member.get === NATIVE_STACK);
    const value: unknown = isNative ? Reflect.get(error, name) : member.value;
    return typeof value === "string" && value.length <= most;
  }
  return name === "stack"; // an error without one is sound
}

/** Later versions of V8 have a getter for it. */
const NATIVE_STACK = Object.getOwnPropertyDescriptor(new Error(), "stack")?.get;

/** A class of a Thing's may extend ThingError, and JavaScript may write to it: a status is then what nobody can answer with. */
function isOurs({ code, status, faults }: ThingError): boolean {
  return (
    Object.hasOwn(ERROR_STATUS, code) && ERROR_STATUS[code] === status && Array.isArray(faults)
  );
}

function soundCopy(thrown: unknown): Error {
  const copy = new Error(cut(messageOf(thrown), LONGEST_MESSAGE));
  const name = textIn(thrown, "name", LONGEST_NAME);
  if (name !== undefined) copy.name = name;
  const stack = textIn(thrown, "stack", LONGEST_STACK);
  if (stack !== undefined) copy.stack = stack;
  const code = textIn(thrown, "code", LONGEST_NAME);
  return code === undefined ? copy : Object.assign(copy, { code });
}

function textIn(thrown: unknown, name: string, most: number): string | undefined {
  try {
    const value: unknown = thrown instanceof Error ? Reflect.get(thrown, name) : undefined;
    return typeof value === "string" ? cut(value, most) : undefined;
  } catch {
    return undefined;
  }
}
