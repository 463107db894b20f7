import { STANDARD_HUFFMAN_TABLES } from "../../src/frames/jpeg/jpeg.ts";
import { join, segment } from "./jpegs.ts";

/** One colour component: its sampling factors, and its value (0 to 255) where the picture's width and height are 1. */
export interface Plane {
  readonly id?: number;
  readonly across?: number;
  readonly down?: number;
  readonly valueAt: (x: number, y: number) => number;
}

export interface PlainOptions {
  /** MCUs from one restart marker to the next. */
  readonly restartInterval?: number;
  /** Second byte of the SOF marker. */
  readonly sof?: number;
  /** Segments between the start marker and the tables. */
  readonly before?: Uint8Array;
  /** What stands before the restart marker `n`. */
  readonly beforeRestart?: (n: number) => ArrayLike<number>;
  /** One scan a component in place of one for all. */
  readonly separate?: boolean;
  /** Which restart marker is `n`; none when it is undefined. */
  readonly restartOf?: (n: number) => number | undefined;
}

const DC_STEP = 8;
const EOB = "1010"; // of the standard table for brightness

/**
 * A baseline JPEG of blocks that have one value each, with any sampling and components: what no library writes, and some
 * camera does. Every component uses tables 0.
 */
export function plainJpeg(
  width: number,
  height: number,
  planes: readonly Plane[],
  options: PlainOptions = {},
): Uint8Array {
  const components = planes.map(({ id, across = 1, down = 1, valueAt }, n) => {
    return { id: id ?? n + 1, across, down, valueAt };
  });
  const { restartInterval, sof = 0xc0, before = [], separate = false } = options;
  const most = {
    across: Math.max(...components.map(({ across }) => across)),
    down: Math.max(...components.map(({ down }) => down)),
  };
  const size = { width, height, ...most };
  const frame = segment(sof, [
    ...[8, height >> 8, height & 255, width >> 8, width & 255, components.length],
    ...components.flatMap(({ id, across, down }) => [id, (across << 4) | down, 0]),
  ]);
  const table = segment(0xdb, [0, DC_STEP, ...new Array(63).fill(1)]);
  const restarts = restartInterval
    ? segment(0xdd, [restartInterval >> 8, restartInterval & 255])
    : [];
  const head = join([0xff, 0xd8], before, table, frame, STANDARD_HUFFMAN_TABLES, restarts);
  const scans = separate ? components.map((one) => [one]) : [components];
  return join(head, ...scans.map((scan) => scanOf(scan, size, options)), [0xff, 0xd9]);
}

type Component = Required<Plane>;

function scanOf(
  scan: readonly Component[],
  size: { width: number; height: number; across: number; down: number },
  { restartInterval = 0, beforeRestart, restartOf = (n) => n % 8 }: PlainOptions,
): Uint8Array {
  const head = segment(0xda, [scan.length, ...scan.flatMap(({ id }) => [id, 0]), 0, 63, 0]);
  const mcus = mcusOf(scan, size);
  const pieces: ArrayLike<number>[] = [head];
  const interval = restartInterval || mcus.length;
  for (let from = 0, n = 0; from < mcus.length; from += interval, n++) {
    pieces.push(entropyOf(scan, mcus.slice(from, from + interval)));
    const marker = from + interval < mcus.length ? restartOf(n) : undefined;
    if (marker === undefined) continue;
    pieces.push(beforeRestart?.(n) ?? [], [0xff, 0xd0 + marker]);
  }
  return join(...pieces);
}

/** For each MCU the values of its blocks, by component. */
function mcusOf(
  scan: readonly Component[],
  size: { width: number; height: number; across: number; down: number },
): number[][][] {
  const isAlone = scan.length === 1;
  const [one] = scan;
  // A scan of one component has no MCUs of several blocks, and none beyond the picture's edge (T.81 A.2.2).
  const columns = isAlone
    ? Math.ceil(Math.ceil((size.width * one!.across) / size.across) / 8)
    : Math.ceil(size.width / (8 * size.across));
  const rows = isAlone
    ? Math.ceil(Math.ceil((size.height * one!.down) / size.down) / 8)
    : Math.ceil(size.height / (8 * size.down));
  return Array.from({ length: columns * rows }, (_, n) => {
    const [column, row] = [n % columns, Math.floor(n / columns)];
    return scan.map(({ across, down, valueAt }) => {
      const [wide, high] = isAlone ? [1, 1] : [across, down];
      return Array.from({ length: wide * high }, (_, block) => {
        const x = column * wide + (block % wide) + 0.5;
        const y = row * high + Math.floor(block / wide) + 0.5;
        const pixelsX = (8 * x * size.across) / across;
        const pixelsY = (8 * y * size.down) / down;
        return valueAt(pixelsX / size.width, pixelsY / size.height);
      });
    });
  });
}

function entropyOf(scan: readonly Component[], mcus: readonly number[][][]): Uint8Array {
  const before = scan.map(() => 0);
  let bits = "";
  for (const mcu of mcus) {
    for (const [component, values] of mcu.entries()) {
      for (const value of values) {
        const dc = Math.round(value) - 128;
        bits += codeOf(dc - before[component]!) + EOB;
        before[component] = dc;
      }
    }
  }
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, "1");
  const bytes = padded.match(/.{8}/g) ?? [];
  return Uint8Array.from(
    bytes.flatMap((byte) => (byte === "11111111" ? [255, 0] : [Number.parseInt(byte, 2)])),
  );
}

/** A difference of DC values: how many bits it has by the standard table for brightness, and these bits. */
function codeOf(difference: number): string {
  const size = difference === 0 ? 0 : Math.floor(Math.log2(Math.abs(difference))) + 1;
  if (size === 0) return DC_CODES[0]!;
  const value = difference > 0 ? difference : difference + 2 ** size - 1;
  return DC_CODES[size]! + value.toString(2).padStart(size, "0");
}

/** T.81 table K.3. */
const DC_CODES = "00 010 011 100 101 110 1110 11110 111110 1111110 11111110 111111110".split(" ");
