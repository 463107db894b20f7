import { badMessage, type PythonValue, requireBounded } from "./python-value.ts";

/** Where a list, a tuple or some items of a dictionary begin on the stack. */
const MARK = Symbol("mark");
type Item = PythonValue | typeof MARK;

const MAX_PICKLE_BYTES = 2 ** 20;

/**
 * The value of a pickle that consists of plain values: nothing is ever imported, called or built. Tuples become arrays, and
 * numeric dictionary keys become strings, as in Python's json module.
 *
 * @throws {ThingError} `BAD_MESSAGE` for anything else, for a truncated pickle, and for more than 1 MiB.
 * @see Python's Lib/pickletools.py, which explains each opcode.
 */
export function loads(pickle: Uint8Array): PythonValue {
  if (pickle.length > MAX_PICKLE_BYTES) {
    throw badMessage(
      `A pickle has ${pickle.length} bytes, but at most ${MAX_PICKLE_BYTES} are accepted.`,
    );
  }
  const value = new Unpickler(pickle).value();
  requireBounded(value);
  return value;
}

/** Names of opcodes that would make Python import or call something. */
const REFUSED: Readonly<Record<number, string>> = {
  99: "GLOBAL",
  105: "INST",
  111: "OBJ",
  82: "REDUCE",
  98: "BUILD",
  80: "PERSID",
  81: "BINPERSID",
  129: "NEWOBJ",
  130: "EXT1",
  131: "EXT2",
  132: "EXT4",
  146: "NEWOBJ_EX",
  147: "STACK_GLOBAL",
};

class Unpickler {
  readonly #bytes: Buffer;
  readonly #stack: Item[] = [];
  readonly #memo = new Map<number, PythonValue>();
  #at = 0;

  constructor(pickle: Uint8Array) {
    this.#bytes = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.length);
  }

  value(): PythonValue {
    for (;;) {
      const opcode = this.#unsigned(1);
      if (opcode === 46) break; // STOP
      const read = READERS.get(opcode);
      if (!read) throw this.#refused(opcode);
      read(this);
    }
    const [value, ...rest] = this.#stack;
    if (value === undefined || value === MARK || rest.length > 0) {
      throw badMessage("The pickle does not end with one value.");
    }
    return value;
  }

  push(item: Item): void {
    this.#stack.push(item);
  }

  /** Takes `count` values from the stack, in the order in which they came. */
  take(count: number): PythonValue[] {
    const from = this.#stack.length - count;
    if (from < 0) throw badMessage("The pickle takes more values than it has.");
    return this.#stack.splice(from).map(plain);
  }

  /** Takes everything after the last mark, and the mark. */
  takeToMark(): PythonValue[] {
    const from = this.#stack.lastIndexOf(MARK);
    if (from < 0) throw badMessage("The pickle has no mark where it needs one.");
    return this.#stack.splice(from).slice(1).map(plain);
  }

  top(): PythonValue {
    const item = this.#stack.at(-1);
    if (item === undefined) throw badMessage("The pickle takes more values than it has.");
    return plain(item);
  }

  append(items: readonly PythonValue[]): void {
    const list = this.top();
    if (!Array.isArray(list))
      throw badMessage("The pickle appends to something that is not a list.");
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PythonValue[]): void {
    const dictionary = this.top();
    if (!isDictionary(dictionary) || items.length % 2 === 1) {
      throw badMessage(
        "The pickle sets items of something that is not a dictionary, or a key without a value.",
      );
    }
    for (let n = 0; n < items.length; n += 2) {
      const value = items[n + 1]!;
      // defineProperty, since a key '__proto__' is a key like any other.
      Object.defineProperty(dictionary, keyOf(items[n]!), {
        ...{ value, enumerable: true, configurable: true, writable: true },
      });
    }
  }

  memoize(index = this.#memo.size): void {
    this.#memo.set(index, this.top());
  }

  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined)
      throw badMessage(`The pickle recalls value ${index}, which it did not store.`);
    this.push(value);
  }

  unsigned(bytes: 1 | 2 | 4): number {
    return this.#unsigned(bytes);
  }

  /** A length of 8 bytes; one that is too large is refused when the bytes are read. */
  length8(): number {
    return Number(this.#take(8).readBigUInt64LE());
  }

  int32(): number {
    return this.#take(4).readInt32LE();
  }

  double(): number {
    return this.#take(8).readDoubleBE();
  }

  /** An integer in two's complement, little-endian. */
  long(length: number): number | bigint {
    const bytes = Buffer.from(this.#take(length)).reverse();
    if (length === 0) return 0;
    const value = BigInt.asIntN(8 * length, BigInt(`0x${bytes.toString("hex")}`));
    const small = Number(value);
    return Number.isSafeInteger(small) ? small : value;
  }

  text(length: number): string {
    const bytes = this.#take(length);
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      throw badMessage("A string of the pickle is not UTF-8.");
    }
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from(this.#take(length));
  }

  #unsigned(bytes: 1 | 2 | 4): number {
    return this.#take(bytes).readUIntLE(0, bytes);
  }

  #take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw badMessage("The pickle is truncated.");
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  #refused(opcode: number) {
    const name = REFUSED[opcode];
    const hex = `0x${opcode.toString(16).padStart(2, "0")}`;
    const what = name
      ? `asks to import or call something (${name}), which is never done`
      : `has the opcode ${hex}, which no plain value needs`;
    return badMessage(
      `The pickle ${what}. Send None, numbers, strings, bytes, lists and dictionaries: numpy's numbers after .item(), its arrays after .tolist().`,
    );
  }
}

type Reader = (pickle: Unpickler) => void;

const READERS: ReadonlyMap<number, Reader> = new Map<number, Reader>([
  [0x80, (p) => void p.unsigned(1)], // PROTO
  [0x95, (p) => void p.length8()], // FRAME: where reading could be buffered
  [0x4e, (p) => p.push(null)],
  [0x88, (p) => p.push(true)],
  [0x89, (p) => p.push(false)],
  [0x4b, (p) => p.push(p.unsigned(1))], // BININT1
  [0x4d, (p) => p.push(p.unsigned(2))], // BININT2
  [0x4a, (p) => p.push(p.int32())], // BININT
  [0x8a, (p) => p.push(p.long(p.unsigned(1)))], // LONG1
  [0x47, (p) => p.push(p.double())], // BINFLOAT
  [0x8c, (p) => p.push(p.text(p.unsigned(1)))], // SHORT_BINUNICODE
  [0x58, (p) => p.push(p.text(p.unsigned(4)))], // BINUNICODE
  [0x43, (p) => p.push(p.bytes(p.unsigned(1)))], // SHORT_BINBYTES
  [0x42, (p) => p.push(p.bytes(p.unsigned(4)))], // BINBYTES
  [0x5d, (p) => p.push([])], // EMPTY_LIST
  [0x7d, (p) => p.push({})], // EMPTY_DICT
  [0x29, (p) => p.push([])], // EMPTY_TUPLE
  [0x28, (p) => p.push(MARK)],
  [0x61, (p) => p.append(p.take(1))], // APPEND
  [0x65, (p) => p.append(p.takeToMark())], // APPENDS
  [0x73, (p) => p.setItems(p.take(2))], // SETITEM
  [0x75, (p) => p.setItems(p.takeToMark())], // SETITEMS
  [0x85, (p) => p.push(p.take(1))], // TUPLE1
  [0x86, (p) => p.push(p.take(2))], // TUPLE2
  [0x87, (p) => p.push(p.take(3))], // TUPLE3
  [0x74, (p) => p.push(p.takeToMark())], // TUPLE
  [0x94, (p) => p.memoize()],
  [0x71, (p) => p.memoize(p.unsigned(1))], // BINPUT
  [0x72, (p) => p.memoize(p.unsigned(4))], // LONG_BINPUT
  [0x68, (p) => p.recall(p.unsigned(1))], // BINGET
  [0x6a, (p) => p.recall(p.unsigned(4))], // LONG_BINGET
]);

function plain(item: Item): PythonValue {
  if (item === MARK) throw badMessage("The pickle has a mark where it needs a value.");
  return item;
}

function isDictionary(value: PythonValue): value is { [key: string]: PythonValue } {
  const isObject = typeof value === "object" && value !== null;
  return isObject && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function keyOf(value: PythonValue): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") {
    return String(value);
  }
  if (value === null) return "null";
  throw badMessage("A key of a dictionary in the pickle is neither a string nor a number.");
}
