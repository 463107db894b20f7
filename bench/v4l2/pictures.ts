/** A picture in RGB, and the same in pixel formats of cameras. */
export interface BenchPicture {
  readonly width: number;
  readonly height: number;
  readonly rgb: Uint8Array;
}

/** Slopes with noise, as heavy for JPEG as a camera's picture in little light. */
export function benchPicture(width: number, height: number): BenchPicture {
  const rgb = new Uint8Array(width * height * 3);
  let noise = 1;
  for (let at = 0, n = 0; n < width * height; n++) {
    noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) >>> 0;
    const [x, y] = [n % width, Math.floor(n / width)];
    const grain = (noise >>> 27) - 16;
    const slope = 128 + 90 * Math.sin(x / 40) * Math.cos(y / 30);
    rgb[at++] = slope + grain;
    rgb[at++] = 255 - slope + grain;
    rgb[at++] = 60 + ((x + y) & 127) + grain;
  }
  return { width, height, rgb };
}

/** Binary PPM, which tjbench reads. */
export function asPpm({ width, height, rgb }: BenchPicture): Buffer {
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), rgb]);
}

type Samples = (r: number, g: number, b: number) => number;
const Y: Samples = (r, g, b) => (77 * r + 150 * g + 29 * b) >> 8;
const U: Samples = (r, g, b) => 128 + ((-43 * r - 85 * g + 128 * b) >> 8);
const V: Samples = (r, g, b) => 128 + ((128 * r - 107 * g - 21 * b) >> 8);

function sampled({ width, height, rgb }: BenchPicture, of: Samples, across = 1, down = 1) {
  const samples = new Uint8Array(Math.floor(width / across) * Math.floor(height / down));
  let to = 0;
  for (let y = 0; y + down <= height; y += down) {
    for (let x = 0; x + across <= width; x += across) {
      const at = (y * width + x) * 3;
      samples[to++] = of(rgb[at]!, rgb[at + 1]!, rgb[at + 2]!);
    }
  }
  return samples;
}

function interleaved(...parts: Uint8Array[]): Uint8Array {
  const mixed = new Uint8Array(parts.length * parts[0]!.length);
  for (const [n, part] of parts.entries())
    for (let at = 0; at < part.length; at++) mixed[at * parts.length + n] = part[at]!;
  return mixed;
}

/** Y0 U Y1 V: colour is that of each first pixel of two. */
function yuyv(picture: BenchPicture): Uint8Array {
  const chroma = interleaved(sampled(picture, U, 2), sampled(picture, V, 2));
  return interleaved(sampled(picture, Y), chroma);
}

function bayer({ width, rgb }: BenchPicture): Uint8Array {
  const colours = [1, 0, 2, 1]; // GRBG
  return Uint8Array.from({ length: rgb.length / 3 }, (_, n) => {
    const [x, y] = [n % width, Math.floor(n / width)];
    return rgb[n * 3 + colours[(x & 1) + 2 * (y & 1)]!]!;
  });
}

/** Two bytes a sample, `shift` bits more than 8. */
function widened(samples: Uint8Array, shift: number): Uint8Array {
  const wide = Uint16Array.from(samples, (value) => value << shift);
  return new Uint8Array(wide.buffer);
}

/** Formats that are measured, and what tjbench encodes for comparison: its chroma subsampling. */
export const FORMATS: readonly {
  readonly fourcc: string;
  readonly peer: "420" | "422" | "gray";
  pixels(picture: BenchPicture): Uint8Array;
}[] = [
  { fourcc: "RGB3", peer: "420", pixels: ({ rgb }) => rgb },
  { fourcc: "BGR3", peer: "420", pixels: ({ rgb }) => rgb },
  { fourcc: "YUYV", peer: "422", pixels: yuyv },
  {
    ...{ fourcc: "UYVY", peer: "422" },
    pixels: (picture) =>
      interleaved(interleaved(sampled(picture, U, 2), sampled(picture, V, 2)), sampled(picture, Y)),
  },
  {
    ...{ fourcc: "NV12", peer: "420" },
    pixels: (picture) =>
      Buffer.concat([
        sampled(picture, Y),
        interleaved(sampled(picture, U, 2, 2), sampled(picture, V, 2, 2)),
      ]),
  },
  {
    ...{ fourcc: "YU12", peer: "420" },
    pixels: (picture) =>
      Buffer.concat([sampled(picture, Y), sampled(picture, U, 2, 2), sampled(picture, V, 2, 2)]),
  },
  { fourcc: "GREY", peer: "gray", pixels: (picture) => sampled(picture, Y) },
  { fourcc: "Y16", peer: "gray", pixels: (picture) => widened(sampled(picture, Y), 8) },
  { fourcc: "GRBG", peer: "420", pixels: bayer },
  { fourcc: "BA10", peer: "420", pixels: (picture) => widened(bayer(picture), 2) },
];
