import { badFrame } from "./jpeg-fault.ts";

/** The tables that a decoder knows where a baseline JPEG has none of a kind: 0 and 1. */
const STANDARD = 0b11;

/** The tables of one kind, DC or AC. Bit n stands for table n. */
interface Defined {
  all: number;
  usable: number;
  /** Why a table that is there cannot be used, by its id. */
  readonly faults: Map<number, string>;
}

/** The Huffman tables that a JPEG has defined so far. */
export class HuffmanTables {
  /** Whether a segment of them has come. */
  areThere = false;
  /** Whether each that came can be used. Some decoders refuse one that cannot even where no scan uses it. */
  areSound = true;
  readonly #dc: Defined = { all: 0, usable: 0, faults: new Map() };
  readonly #ac: Defined = { all: 0, usable: 0, faults: new Map() };

  /** Takes the content of a DHT segment. An invalid table is not an error unless a scan uses it. */
  read(bytes: Uint8Array, start: number, end: number): void {
    for (let at = start; at < end; ) {
      const tableClass = bytes[at]! >> 4;
      const id = bytes[at]! & 15;
      if (tableClass > 1 || id > 3) {
        throw badFrame(`the Huffman table at byte ${at} has class ${tableClass} and id ${id}`);
      }
      const symbolsAt = at + 17;
      const count = symbolsAt <= end ? countCodes(bytes, at + 1) : 0;
      if (symbolsAt + count > end)
        throw badFrame(`the Huffman tables at byte ${start} are truncated`);
      const tables = tableClass === 0 ? this.#dc : this.#ac;
      const fault = faultOf(bytes, at, count);
      tables.all |= 1 << id;
      tables.usable = fault ? tables.usable & ~(1 << id) : tables.usable | (1 << id);
      if (fault) {
        tables.faults.set(id, fault);
        this.areSound = false;
      } else tables.faults.delete(id);
      at = symbolsAt + count;
    }
    this.areThere = true;
  }

  /** @param hasStandard - Whether what is missing is taken to be the standard tables, as in baseline JPEGs. */
  require(kind: "DC" | "AC", id: number, hasStandard: boolean): void {
    const { all, usable, faults } = kind === "DC" ? this.#dc : this.#ac;
    const known = hasStandard ? usable | (STANDARD & ~all) : usable;
    if (id <= 3 && (known & (1 << id)) !== 0) return;
    throw badFrame(faults.get(id) ?? `${kind} Huffman table ${id} is used but never defined`);
  }
}

function countCodes(bytes: Uint8Array, countsAt: number): number {
  let total = 0;
  for (let at = countsAt; at < countsAt + 16; at++) total += bytes[at]!;
  if (total > 256) throw badFrame(`the Huffman table at byte ${countsAt} has ${total} codes`);
  return total;
}

/** Why the table whose class and id are at `at` is invalid; undefined if it is valid. */
function faultOf(bytes: Uint8Array, at: number, count: number): string | undefined {
  if (count === 0) return `the Huffman table at byte ${at + 1} has 0 codes`;
  const length = lengthWithoutRoom(bytes, at + 1);
  if (length > 0)
    return `the Huffman table at byte ${at + 1} has more codes of ${length} bits than exist`;
  if (bytes[at]! >> 4 !== 0) return undefined;
  for (let symbol = at + 17; symbol < at + 17 + count; symbol++) {
    if (bytes[symbol]! > 15)
      return `the DC Huffman table at byte ${at + 1} has the symbol ${bytes[symbol]}`;
  }
  return undefined;
}

/** The first length, in bits, of which there are more codes than a prefix code can have (none is all ones); 0 when none is. */
function lengthWithoutRoom(bytes: Uint8Array, countsAt: number): number {
  let nextCode = 0;
  for (let length = 1; length <= 16; length++) {
    const count = bytes[countsAt + length - 1]!;
    nextCode = (nextCode << 1) + count;
    if (count > 0 && nextCode >= 1 << length) return length;
  }
  return 0;
}
