import { types } from "node:util";
import { messageOf } from "../base/errors.ts";

/** Marks instances that stay what they are: they write themselves as JSON (a Blob, as a link that depends on who reads it). */
export const WRITES_ITSELF = Symbol("writes itself as JSON");

/** Deeper than this is no value but a mistake, and would exhaust the stack of who writes it. */
const MAX_DEPTH = 200;
/** Objects, lists and what they hold: more cannot be written without blocking everybody. */
const MAX_VALUES = 5_000_000;

/** Why something is not JSON: `where` is a JSON Pointer, `""` for the whole. */
export class NotJson extends Error {
  readonly where: string;
  readonly what: string;

  constructor(where: string, what: string) {
    super(`${where === "" ? "it" : where} ${what}`);
    this.where = where;
    this.what = what;
  }
}

/**
 * What JSON can hold of a value, as a copy of its own: it is read once, never written, and stays as it is when the original changes.
 * Members that are `undefined` are left out, as JSON does.
 * @throws {NotJson} For what JSON cannot hold: NaN, Infinity, a BigInt, a function, a Map, a circle, or what throws when it is looked at.
 */
export function jsonCopy(value: unknown): unknown {
  return isScalar(value) ? value : new Copier().copy(value, 0);
}

/** A typed array whose elements are JSON numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array;

/** What a Thing may give where its schema says `V`: typed arrays stand for lists of numbers. */
export type Given<V> = V extends readonly number[]
  ? number[] extends V
    ? V | NumberArray
    : V
  : V extends readonly unknown[] | ((...inputs: never[]) => unknown)
    ? V
    : V extends object
      ? { [K in keyof V]: Given<V[K]> }
      : V;

/** Whether something is a typed array of numbers; those of BigInt are none. */
export function isNumberArray(value: unknown): value is NumberArray {
  return (
    types.isTypedArray(value) && !types.isBigInt64Array(value) && !types.isBigUint64Array(value)
  );
}

/** What needs no copy: most properties are one number. */
function isScalar(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  return value === null || typeof value === "string" || typeof value === "boolean";
}

class Copier {
  readonly #above = new Set<object>();
  /** Where it is: what leads to a fault is written when there is one. */
  readonly #path: (string | number)[] = [];
  #values = 0;

  copy(value: unknown, depth: number): unknown {
    if (isScalar(value) || value === undefined || value === null) return value;
    if (typeof value === "number") throw this.#notFinite(value);
    if (typeof value !== "object") throw this.#notJson(`is a ${typeof value}`);
    if (depth > MAX_DEPTH) throw this.#notJson(`is nested more than ${MAX_DEPTH} levels deep`);
    if (this.#above.has(value)) throw this.#notJson("refers back to an object that contains it");
    this.#above.add(value);
    const copied = this.#object(value, depth);
    this.#above.delete(value);
    return copied;
  }

  #object(value: object, depth: number): unknown {
    const level = this.#path.length;
    try {
      if (Array.isArray(value)) return this.#list(value, depth);
      if (WRITES_ITSELF in value) return value;
      // Most are plain, which none of this is.
      if (Object.getPrototypeOf(value) !== Object.prototype) {
        if (types.isBoxedPrimitive(value)) return this.copy(value.valueOf(), depth + 1);
        const strange = strangeKind(value);
        if (strange) throw this.#notJson(`is ${/^[AEIOU]/.test(strange) ? "an" : "a"} ${strange}`);
        if (isNumberArray(value)) return this.#numbers(value); // a Buffer, too, which would write itself as an object
      }
      const written: unknown = Reflect.get(value, "toJSON");
      if (typeof written === "function") return this.copy(written.call(value, ""), depth + 1);
      return this.#members(value, depth);
    } catch (error) {
      if (error instanceof NotJson) throw error;
      this.#path.length = level;
      throw this.#notJson(`cannot be read: ${messageOf(error)}`);
    }
  }

  #list(list: readonly unknown[], depth: number): unknown[] {
    const { length } = list;
    this.#count(length);
    const copied = new Array<unknown>(length);
    for (let at = 0; at < length; at++) {
      const item = list[at];
      // Long lists are numbers, e.g. a spectrum.
      copied[at] = isScalar(item) ? item : (this.#inner(item, at, depth) ?? null);
    }
    return copied;
  }

  /** Without a box for each number, of which a spectrum or a waveform has many. */
  #numbers(numbers: NumberArray): number[] {
    const { length } = numbers;
    if (length === 0 && isDetached(numbers.buffer))
      throw this.#notJson("has no numbers any more, because its buffer was transferred");
    this.#count(length);
    const copied = new Array<number>(length);
    for (let at = 0; at < length; at++) {
      const number = numbers[at]!;
      if (!Number.isFinite(number)) {
        this.#path.push(at);
        throw this.#notFinite(number);
      }
      copied[at] = number;
    }
    return copied;
  }

  #members(value: object, depth: number): Record<string, unknown> {
    const names = Object.keys(value);
    this.#count(names.length);
    const copied: Record<string, unknown> = {};
    for (const name of names) {
      const member = this.#inner(Reflect.get(value, name), name, depth);
      if (member === undefined) continue;
      if (name === "__proto__")
        Object.defineProperty(copied, name, { value: member, enumerable: true });
      else copied[name] = member;
    }
    return copied;
  }

  #inner(value: unknown, at: string | number, depth: number): unknown {
    this.#path.push(at);
    const copied = this.copy(value, depth + 1);
    this.#path.pop();
    return copied;
  }

  #count(values: number): void {
    this.#values += values;
    if (this.#values > MAX_VALUES) throw this.#notJson(`makes it more than ${MAX_VALUES} values`);
  }

  #notFinite(value: number): NotJson {
    return this.#notJson(`is ${value} (for no reading use null, and allow it in the schema)`);
  }

  #notJson(what: string): NotJson {
    return new NotJson(this.#path.map((at) => `/${escaped(String(at))}`).join(""), what);
  }
}

/** Node 20 has no `detached`. */
function isDetached(buffer: ArrayBufferLike): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** What JSON.stringify writes as an empty object without a word. */
function strangeKind(value: object): string | undefined {
  if (types.isMap(value) || types.isWeakMap(value)) return "Map";
  if (types.isSet(value) || types.isWeakSet(value)) return "Set";
  if (types.isPromise(value)) return "Promise";
  if (types.isRegExp(value)) return "RegExp";
  if (types.isDataView(value)) return "DataView";
  if (types.isBigInt64Array(value) || types.isBigUint64Array(value)) return "list of BigInts";
  return types.isAnyArrayBuffer(value) ? "ArrayBuffer" : undefined;
}

function escaped(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 77)}...` : name;
  return short.replaceAll("~", "~0").replaceAll("/", "~1");
}
