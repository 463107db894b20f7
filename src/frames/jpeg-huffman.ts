import { badFrame } from "./jpeg-fault.ts";

/** The tables that a decoder knows where a baseline JPEG has none of a kind: 0 and 1. */
const STANDARD = 0b11;

/** The tables of one kind, DC or AC. Bit n stands for table n. */
interface Defined {
  all: number;
  usable: number;
}

/** The Huffman tables that a JPEG has defined so far. */
export class HuffmanTables {
  /** Whether a segment of them has come. */
  areThere = false;
  readonly #dc: Defined = { all: 0, usable: 0 };
  readonly #ac: Defined = { all: 0, usable: 0 };

  /** Takes the content of a DHT segment. A table that cannot be used is no fault as long as no scan uses it. */
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
        throw badFrame(`the Huffman tables at byte ${start} are cut off`);
      const tables = tableClass === 0 ? this.#dc : this.#ac;
      const isUsable = count > 0 && (tableClass === 1 || areDcSymbols(bytes, symbolsAt, count));
      tables.all |= 1 << id;
      tables.usable = isUsable ? tables.usable | (1 << id) : tables.usable & ~(1 << id);
      at = symbolsAt + count;
    }
    this.areThere = true;
  }

  /** @param hasStandard - Whether what is missing is taken to be the standard tables, as in baseline JPEGs. */
  require(kind: "DC" | "AC", id: number, hasStandard: boolean): void {
    const { all, usable } = kind === "DC" ? this.#dc : this.#ac;
    const known = hasStandard ? usable | (STANDARD & ~all) : usable;
    if (id <= 3 && (known & (1 << id)) !== 0) return;
    const why = id <= 3 && (all & (1 << id)) !== 0 ? "and cannot be decoded" : "but never defined";
    throw badFrame(`${kind} Huffman table ${id} is used ${why}`);
  }
}

/** Adds up the codes of each length and checks that a prefix code with so many exists (none is all ones). */
function countCodes(bytes: Uint8Array, countsAt: number): number {
  let total = 0;
  let nextCode = 0;
  for (let length = 1; length <= 16; length++) {
    const count = bytes[countsAt + length - 1]!;
    total += count;
    nextCode = (nextCode << 1) + count;
    if (count > 0 && nextCode >= 1 << length) {
      throw badFrame(
        `the Huffman table at byte ${countsAt} has more codes of ${length} bits than exist`,
      );
    }
  }
  if (total > 256) throw badFrame(`the Huffman table at byte ${countsAt} has ${total} codes`);
  return total;
}

function areDcSymbols(bytes: Uint8Array, at: number, count: number): boolean {
  for (let symbol = at; symbol < at + count; symbol++) if (bytes[symbol]! > 15) return false;
  return true;
}
