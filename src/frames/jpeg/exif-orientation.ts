/** EXIF orientation: 1 upright, 2 to 8 mirrored or rotated. */
export type Orientation = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const EXIF = [0x45, 0x78, 0x69, 0x66, 0]; // "Exif\0"; the byte behind it is padding
const TIFF_AT = 6;
const TAG = 0x0112;
const SHORT = 3;
const ENTRY_BYTES = 12;

/**
 * The orientation in an APP1 segment, 1 if it is absent; undefined if the segment is not EXIF. As in Chromium, only a single
 * value of type SHORT counts.
 * @see CIPA DC-008-2019 (EXIF 2.32), 4.6.4 A, Orientation
 */
export function orientationIn(
  bytes: Uint8Array,
  start: number,
  end: number,
): Orientation | undefined {
  if (end - start < TIFF_AT + 8 || EXIF.some((byte, n) => bytes[start + n] !== byte)) {
    return undefined;
  }
  const tiff = start + TIFF_AT;
  const view = new DataView(bytes.buffer, bytes.byteOffset + tiff, end - tiff);
  const order = view.getUint16(0);
  const isLittle = order === 0x4949;
  if ((!isLittle && order !== 0x4d4d) || view.getUint16(2, isLittle) !== 42) return 1;
  const directory = view.getUint32(4, isLittle);
  if (directory + 2 > view.byteLength) return 1;
  const count = view.getUint16(directory, isLittle);
  for (let n = 0; n < count; n++) {
    const entry = directory + 2 + n * ENTRY_BYTES;
    if (entry + ENTRY_BYTES > view.byteLength) return 1;
    if (view.getUint16(entry, isLittle) === TAG) return valueIn(view, entry, isLittle);
  }
  return 1;
}

function valueIn(view: DataView, entry: number, isLittle: boolean): Orientation {
  const isShort =
    view.getUint16(entry + 2, isLittle) === SHORT && view.getUint32(entry + 4, isLittle) === 1;
  const value = view.getUint16(entry + 8, isLittle);
  return isShort && value >= 1 && value <= 8 ? (value as Orientation) : 1;
}

/** Whether width and height as shown are height and width of the file. */
export function liesOnItsSide(orientation: Orientation): boolean {
  return orientation >= 5;
}

/** Mirrored left to right or not, and then rotated clockwise by `degrees`. */
interface Turn {
  readonly mirror: boolean;
  readonly turn: number;
}

/** What makes a picture upright. */
const UPRIGHT: Readonly<Record<Orientation, Turn>> = {
  1: { mirror: false, turn: 0 },
  2: { mirror: true, turn: 0 },
  3: { mirror: false, turn: 180 },
  4: { mirror: true, turn: 180 },
  5: { mirror: true, turn: 270 },
  6: { mirror: false, turn: 90 },
  7: { mirror: true, turn: 90 },
  8: { mirror: false, turn: 270 },
};

/** What makes a picture that lies as `from` says lie as `to` says. */
export function turnBetween(from: Orientation, to: Orientation): Turn {
  const first = UPRIGHT[from];
  const back = UPRIGHT[to]; // undone: turned back and then mirrored, which is to be mirrored and then turned on
  const turn = back.mirror ? back.turn - first.turn : first.turn - back.turn;
  return { mirror: first.mirror !== back.mirror, turn: (turn + 360) % 360 };
}
