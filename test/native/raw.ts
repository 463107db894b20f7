/** Red, green and blue of a pixel, 0 to 255. */
export type Colour = (x: number, y: number) => readonly [number, number, number];

/** Soft slopes of colour: what JPEG and halved colour planes change little. */
export const SLOPES: Colour = (x, y) => [40 + 2 * x, 200 - 2 * y, 60 + x + y];

const byte = (value: number) => Math.max(0, Math.min(255, Math.round(value)));

/** ITU-R BT.601 in the full range, as JPEG has it. */
function yuv([r, g, b]: readonly [number, number, number]): readonly [number, number, number] {
  return [
    byte(0.299 * r + 0.587 * g + 0.114 * b),
    byte(128 - 0.168736 * r - 0.331264 * g + 0.5 * b),
    byte(128 + 0.5 * r - 0.418688 * g - 0.081312 * b),
  ];
}

interface Size {
  readonly width: number;
  readonly height: number;
}

function pixels({ width, height }: Size, of: (x: number, y: number) => readonly number[]): Buffer {
  const rows = Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => of(x, y)).flat(),
  );
  return Buffer.from(rows.flat());
}

/** Two pixels in four bytes; `order` names them. */
function packed(colour: Colour, size: Size, order: string): Buffer {
  return pixels({ ...size, width: Math.ceil(size.width / 2) }, (pair, y) => {
    const [first, second] = [yuv(colour(2 * pair, y)), yuv(colour(2 * pair + 1, y))];
    const named = { Y: first[0], Z: second[0], U: first[1], V: first[2] };
    return [...order].map((name) => named[name as keyof typeof named]);
  });
}

/** Lines of Y have an even length, as those of drivers have. */
function planar(colour: Colour, { width, height }: Size, order: "UV" | "VU", together: boolean) {
  const pairs = { width: Math.ceil(width / 2), height: Math.ceil(height / 2) };
  const luma = pixels({ width: pairs.width * 2, height }, (x, y) => [yuv(colour(x, y))[0]]);
  const chroma = (index: number) => (x: number, y: number) => yuv(colour(2 * x, 2 * y))[index]!;
  const [first, second] = order === "UV" ? [chroma(1), chroma(2)] : [chroma(2), chroma(1)];
  const planes = together
    ? [pixels(pairs, (x, y) => [first!(x, y), second!(x, y)])]
    : [pixels(pairs, (x, y) => [first!(x, y)]), pixels(pairs, (x, y) => [second!(x, y)])];
  return Buffer.concat([luma, ...planes]);
}

/** A sample in `bits`, as one byte or two. */
function sample(value: number, bits: number): number[] {
  if (bits === 8) return [value];
  const scaled = value << (bits - 8);
  return [scaled & 255, scaled >> 8];
}

function grey(colour: Colour, size: Size, bits: number): Buffer {
  return pixels(size, (x, y) => sample(yuv(colour(x, y))[0], bits));
}

/** `pattern` names the colours of two rows of two pixels. */
function bayer(colour: Colour, size: Size, pattern: string, bits: number): Buffer {
  return pixels(size, (x, y) => {
    const name = pattern[(x % 2) + 2 * (y % 2)]!;
    return sample(colour(x, y)["RGB".indexOf(name)]!, bits);
  });
}

function rgb(colour: Colour, size: Size, order: string): Buffer {
  return pixels(size, (x, y) => {
    const [R, G, B] = colour(x, y);
    const named = { R, G, B, X: 7 };
    return [...order].map((name) => named[name as keyof typeof named]);
  });
}

type Maker = (colour: Colour, size: Size) => Buffer;

const bayers = ["RGGB", "GRBG", "GBRG", "BGGR"];
const BAYER_NAMES: Readonly<Record<number, readonly string[]>> = {
  8: ["RGGB", "GRBG", "GBRG", "BA81"],
  10: ["RG10", "BA10", "GB10", "BG10"],
  12: ["RG12", "BA12", "GB12", "BG12"],
  16: ["RG16", "GR16", "GB16", "BYR2"],
};

/** How a picture looks in each pixel format that the program encodes; stripes of colour are none of what it changes. */
export const RAW: Readonly<Record<string, Maker>> = {
  YUYV: (colour, size) => packed(colour, size, "YUZV"),
  YVYU: (colour, size) => packed(colour, size, "YVZU"),
  UYVY: (colour, size) => packed(colour, size, "UYVZ"),
  VYUY: (colour, size) => packed(colour, size, "VYUZ"),
  NV12: (colour, size) => planar(colour, size, "UV", true),
  NV21: (colour, size) => planar(colour, size, "VU", true),
  NM12: (colour, size) => planar(colour, size, "UV", true),
  NM21: (colour, size) => planar(colour, size, "VU", true),
  YU12: (colour, size) => planar(colour, size, "UV", false),
  YV12: (colour, size) => planar(colour, size, "VU", false),
  YM12: (colour, size) => planar(colour, size, "UV", false),
  YM21: (colour, size) => planar(colour, size, "VU", false),
  GREY: (colour, size) => grey(colour, size, 8),
  Y10: (colour, size) => grey(colour, size, 10),
  Y12: (colour, size) => grey(colour, size, 12),
  Y16: (colour, size) => grey(colour, size, 16),
  RGB3: (colour, size) => rgb(colour, size, "RGB"),
  BGR3: (colour, size) => rgb(colour, size, "BGR"),
  XR24: (colour, size) => rgb(colour, size, "BGRX"),
  AR24: (colour, size) => rgb(colour, size, "BGRX"),
  BX24: (colour, size) => rgb(colour, size, "XRGB"),
  BA24: (colour, size) => rgb(colour, size, "XRGB"),
  XB24: (colour, size) => rgb(colour, size, "RGBX"),
  AB24: (colour, size) => rgb(colour, size, "RGBX"),
  ...Object.fromEntries(
    Object.entries(BAYER_NAMES).flatMap(([bits, names]) =>
      names.map((name, n): [string, Maker] => [
        name,
        (colour, size) => bayer(colour, size, bayers[n]!, Number(bits)),
      ]),
    ),
  ),
};

/** What a picture in that format can show of a colour. */
export function visible(format: string, colour: Colour): Colour {
  const isGrey = format === "GREY" || /^Y1[026]$/.test(format);
  if (!isGrey) return colour;
  return (x, y) => {
    const [luma] = yuv(colour(x, y));
    return [luma, luma, luma];
  };
}
