import { parseExactly } from "../../base/exact-numbers.ts";
import { badMessage } from "./python-value.ts";

/** An array in numpy's C order: the last index varies fastest. */
export interface NdArray {
  readonly data: TypedArray;
  /** The length of each dimension. */
  readonly shape: readonly number[];
}

type TypedArray =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** numpy's names of JavaScript's typed arrays. */
const TYPES = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
} as const;

/** The two parts of an array: its description as JSON, and its bytes. @throws {ThingError} `BAD_MESSAGE` */
export function arrayParts({ data, shape }: NdArray): [string, Uint8Array] {
  const found = Object.entries(TYPES).find(([, Type]) => data instanceof Type);
  if (!found) throw badMessage("An array's data must be one of JavaScript's typed arrays.");
  if (productOf(shape) !== data.length) {
    throw badMessage(`An array of shape ${shape.join(" x ")} cannot have ${data.length} numbers.`);
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return [JSON.stringify({ dtype: found[0], shape }), bytes];
}

/** The array of two parts, copied. @throws {ThingError} `BAD_MESSAGE` */
export function arrayOf(description: Uint8Array, bytes: Uint8Array): NdArray {
  const { dtype, shape } = described(description);
  const Type = TYPES[dtype];
  if (productOf(shape) * Type.BYTES_PER_ELEMENT !== bytes.length) {
    throw badMessage(
      `An array of ${dtype} and shape ${shape.join(" x ")} cannot have ${bytes.length} bytes.`,
    );
  }
  return { data: new Type(Uint8Array.from(bytes).buffer), shape };
}

function described(json: Uint8Array): { dtype: keyof typeof TYPES; shape: number[] } {
  let value: unknown;
  try {
    value = parseExactly(Buffer.from(json).toString());
  } catch {
    throw badMessage("The description of an array is not JSON.");
  }
  const isObject = typeof value === "object" && value !== null;
  const { dtype, shape } = isObject ? (value as Record<string, unknown>) : {};
  if (typeof dtype !== "string" || !Object.hasOwn(TYPES, dtype)) {
    throw badMessage(
      `Arrays of ${String(dtype)} are not supported. Supported are: ${Object.keys(TYPES).join(", ")}.`,
    );
  }
  if (!Array.isArray(shape) || !shape.every((n) => Number.isSafeInteger(n) && n >= 0)) {
    throw badMessage("The shape of an array must be a list of whole numbers.");
  }
  return { dtype: dtype as keyof typeof TYPES, shape };
}

function productOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}
