/** Pixels that are drawn on: row-major, 8 bits a channel, channels side by side. */
interface Canvas {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Where letters stand, and how large they are. */
export interface TextStyle {
  /** Pixels from the left edge to the first letter. */
  readonly x: number;
  /** Pixels from the top edge to the top of the letters. */
  readonly y: number;
  /** Pixels a dot of the 5 by 7 letters; 1 unless given. */
  readonly scale?: number;
}

const COLUMNS = 5;
const ROWS = 7;
const ADVANCE = COLUMNS + 1;

/**
 * Draws white capitals on a dark plate into the picture itself. The letters are here, because a machine without
 * any font must show the same picture. What has no letter is left blank; what lies outside is cut off.
 */
export function drawText(picture: Canvas, text: string, { x, y, scale = 1 }: TextStyle): void {
  const width = textWidth(text, scale);
  fill(picture, x - 3 * scale, y - 2 * scale, width + 5 * scale, (ROWS + 4) * scale, darken);
  [...text.toUpperCase()].forEach((letter, place) => {
    const rows = GLYPHS[letter] ?? [];
    const left = x + place * ADVANCE * scale;
    rows.forEach((bits, row) => {
      for (let column = 0; column < COLUMNS; column++) {
        if ((bits >> (COLUMNS - 1 - column)) & 1) {
          fill(picture, left + column * scale, y + row * scale, scale, scale, whiten);
        }
      }
    });
  });
}

/** Pixels from the first letter's left edge to the last one's right edge. */
export function textWidth(text: string, scale = 1): number {
  return Math.max(0, [...text].length * ADVANCE - 1) * scale;
}

const darken = (value: number) => value >> 2;
const whiten = () => 255;

function fill(
  { data, width, height, channels }: Canvas,
  x: number,
  y: number,
  across: number,
  down: number,
  change: (value: number) => number,
): void {
  for (let row = Math.max(0, y); row < Math.min(height, y + down); row++) {
    const first = (row * width + Math.max(0, x)) * channels;
    const last = (row * width + Math.min(width, x + across)) * channels;
    for (let place = first; place < last; place++) data[place] = change(data[place]!);
  }
}

/** Seven rows of five dots, the highest bit on the left. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  A: [14, 17, 17, 31, 17, 17, 17],
  B: [30, 17, 17, 30, 17, 17, 30],
  C: [14, 17, 16, 16, 16, 17, 14],
  D: [30, 17, 17, 17, 17, 17, 30],
  E: [31, 16, 16, 30, 16, 16, 31],
  F: [31, 16, 16, 30, 16, 16, 16],
  G: [14, 17, 16, 23, 17, 17, 15],
  H: [17, 17, 17, 31, 17, 17, 17],
  I: [14, 4, 4, 4, 4, 4, 14],
  J: [7, 2, 2, 2, 2, 18, 12],
  K: [17, 18, 20, 24, 20, 18, 17],
  L: [16, 16, 16, 16, 16, 16, 31],
  M: [17, 27, 21, 21, 17, 17, 17],
  N: [17, 25, 21, 19, 17, 17, 17],
  O: [14, 17, 17, 17, 17, 17, 14],
  P: [30, 17, 17, 30, 16, 16, 16],
  Q: [14, 17, 17, 17, 21, 18, 13],
  R: [30, 17, 17, 30, 20, 18, 17],
  S: [15, 16, 16, 14, 1, 1, 30],
  T: [31, 4, 4, 4, 4, 4, 4],
  U: [17, 17, 17, 17, 17, 17, 14],
  V: [17, 17, 17, 17, 17, 10, 4],
  W: [17, 17, 17, 21, 21, 21, 10],
  X: [17, 17, 10, 4, 10, 17, 17],
  Y: [17, 17, 10, 4, 4, 4, 4],
  Z: [31, 1, 2, 4, 8, 16, 31],
  0: [14, 17, 19, 21, 25, 17, 14],
  1: [4, 12, 4, 4, 4, 4, 14],
  2: [14, 17, 1, 6, 8, 16, 31],
  3: [14, 17, 1, 6, 1, 17, 14],
  4: [2, 6, 10, 18, 31, 2, 2],
  5: [31, 16, 30, 1, 1, 17, 14],
  6: [6, 8, 16, 30, 17, 17, 14],
  7: [31, 1, 2, 4, 8, 8, 8],
  8: [14, 17, 17, 14, 17, 17, 14],
  9: [14, 17, 17, 15, 1, 2, 12],
  ".": [0, 0, 0, 0, 0, 12, 12],
  ",": [0, 0, 0, 0, 12, 4, 8],
  ":": [0, 12, 12, 0, 12, 12, 0],
  "-": [0, 0, 0, 31, 0, 0, 0],
  "+": [0, 4, 4, 31, 4, 4, 0],
  "/": [1, 1, 2, 4, 8, 16, 16],
  "#": [10, 10, 31, 10, 31, 10, 10],
  "(": [2, 4, 8, 8, 8, 4, 2],
  ")": [8, 4, 2, 2, 2, 4, 8],
  "'": [4, 4, 8, 0, 0, 0, 0],
  '"': [10, 10, 10, 0, 0, 0, 0],
  "!": [4, 4, 4, 4, 4, 0, 4],
  "?": [14, 17, 1, 2, 4, 0, 4],
  ";": [0, 12, 12, 0, 12, 4, 8],
  _: [0, 0, 0, 0, 0, 0, 31],
  "=": [0, 0, 31, 0, 31, 0, 0],
  "%": [24, 25, 2, 4, 8, 19, 3],
  "<": [2, 4, 8, 16, 8, 4, 2],
  ">": [8, 4, 2, 1, 2, 4, 8],
  "@": [14, 17, 1, 13, 21, 21, 14],
};
