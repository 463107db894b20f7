import { STANDARD_HUFFMAN_TABLES } from "./huffman-tables.ts";
import { isRestart } from "./jpeg-scan.ts";
import { codeTable, ScanBits } from "./scan-bits.ts";

const SOF0 = 0xc0;
const SOF1 = 0xc1;
const DHT = 0xc4;
const SOF_LAST = 0xcf;
const SOS = 0xda;
const DRI = 0xdd;
/** Bits that follow the symbol of a coefficient, at most. */
const MOST_BITS = 15;

/** One component's share of an MCU: how many blocks, and the codes of them. */
interface Share {
  readonly blocks: number;
  readonly dc: Uint16Array;
  readonly ac: Uint16Array;
}

/**
 * Where the data of a JPEG's one scan ends, which is found by counting the blocks in it: a JPEG without its end marker is whole if
 * all are there.
 * @returns The offset behind it; -1 if blocks are missing, or if it is not baseline with one scan, of which this cannot be known.
 */
export function endOfWholeScan(jpeg: Uint8Array): number {
  const tables = new Map<number, Uint16Array>();
  let frame: Uint8Array | undefined;
  let restartEvery = 0;
  for (let at = 2; at + 4 <= jpeg.length && jpeg[at] === 0xff; ) {
    const code = jpeg[at + 1]!;
    const end = at + 2 + word(jpeg, at + 2);
    const content = jpeg.subarray(at + 4, end);
    if (code === SOF0 || code === SOF1) frame = content;
    else if (code === DHT) readTables(tables, content);
    else if (code > SOF1 && code <= SOF_LAST) return -1;
    else if (code === DRI) restartEvery = word(content, 0);
    else if (code === SOS && tables.size === 0) {
      readTables(tables, STANDARD_HUFFMAN_TABLES.subarray(4));
      continue;
    } else if (code === SOS)
      return frame
        ? endOfData(jpeg, end, sharesOf(frame, content, tables), mcusOf(frame), restartEvery)
        : -1;
    at = code === 0xff ? at + 1 : end;
  }
  return -1;
}

function readTables(tables: Map<number, Uint16Array>, content: Uint8Array): void {
  for (let at = 0; at + 17 <= content.length; ) {
    const counts = content.subarray(at + 1, at + 17);
    const symbols = counts.reduce((sum, count) => sum + count, 0);
    tables.set(content[at]!, codeTable(counts, content.subarray(at + 17, at + 17 + symbols)));
    at += 17 + symbols;
  }
}

/** The components of the scan; undefined if it has not all of the frame's, or a table is missing. */
function sharesOf(
  frame: Uint8Array,
  scan: Uint8Array,
  tables: ReadonlyMap<number, Uint16Array>,
): Share[] | undefined {
  const count = frame[5] ?? 0;
  const shares = Array.from({ length: scan[0] ?? 0 }, (_, n): Share | undefined => {
    const [id, ids = 0] = scan.subarray(1 + 2 * n);
    const at = [6, 9, 12, 15].find((place) => place < 6 + 3 * count && frame[place] === id);
    const sampling = at === undefined ? 0 : frame[at + 1]!;
    const [dc, ac] = [tables.get(ids >> 4), tables.get(0x10 | (ids & 15))];
    const blocks = count === 1 ? 1 : (sampling >> 4) * (sampling & 15);
    return dc && ac && blocks > 0 ? { blocks, dc, ac } : undefined;
  });
  const known = shares.filter((share) => share !== undefined);
  return count > 0 && known.length === count ? known : undefined;
}

function mcusOf(frame: Uint8Array): number {
  const components = frame[5] ?? 0;
  const samplings = Array.from({ length: components }, (_, n) => frame[7 + 3 * n] ?? 0);
  const isOne = components === 1;
  const across = 8 * (isOne ? 1 : Math.max(...samplings.map((one) => one >> 4)));
  const down = 8 * (isOne ? 1 : Math.max(...samplings.map((one) => one & 15)));
  return Math.ceil(word(frame, 3) / across) * Math.ceil(word(frame, 1) / down);
}

function endOfData(
  jpeg: Uint8Array,
  from: number,
  shares: readonly Share[] | undefined,
  mcus: number,
  restartEvery: number,
): number {
  if (!shares || !(mcus > 0)) return -1;
  const bits = new ScanBits(jpeg, from);
  for (let mcu = 0; mcu < mcus; mcu++) {
    if (restartEvery > 0 && mcu > 0 && mcu % restartEvery === 0 && !passRestart(bits, jpeg))
      return -1;
    for (const share of shares) {
      for (let block = 0; block < share.blocks; block++) if (!passBlock(bits, share)) return -1;
    }
    if (bits.isOver) return -1;
  }
  bits.align();
  return bits.at;
}

function passRestart(bits: ScanBits, jpeg: Uint8Array): boolean {
  bits.align();
  while (jpeg[bits.at] === 0xff && jpeg[bits.at + 1] === 0xff) bits.at += 1;
  const isThere = jpeg[bits.at] === 0xff && isRestart(jpeg[bits.at + 1] ?? 0);
  bits.at += 2;
  return isThere;
}

function passBlock(bits: ScanBits, { dc, ac }: Share): boolean {
  const size = bits.symbol(dc);
  if (size < 0 || size > MOST_BITS) return false;
  bits.skip(size);
  for (let n = 1; n < 64; n++) {
    const symbol = bits.symbol(ac);
    if (symbol < 0) return false;
    const [run, length] = [symbol >> 4, symbol & 15];
    if (length === 0 && run !== 15) return true; // the rest are zeros
    n += run;
    bits.skip(length);
  }
  return true;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
