import { changed, DHT, DQT, DRI, endOf, firstOf, markersOf, put, SOF, SOS } from "./jpeg-edits.ts";
import { type PlainOptions, plainJpeg } from "./jpeg-encoder.ts";
import { join, segment, segmentsOf, without } from "./jpegs.ts";
import { colourPlanes, HEIGHT, NOISE, WIDTH } from "./quarters.ts";

export function strayBytes(base: Uint8Array): Record<string, Uint8Array> {
  const samples: Record<string, Uint8Array> = {};
  for (const { code, at } of [...segmentsOf(base), endOf(base)]) {
    const name = `FF${code.toString(16)} at ${at}`;
    samples[`1 byte before ${name}`] = put(base, at, [0]);
    samples[`608 bytes before ${name}`] = put(base, at, NOISE);
    samples[`fill bytes before ${name}`] = put(base, at, [0xff, 0xff, 0xff]);
    samples[`FF00 before ${name}`] = put(base, at, [5, 0xff, 0, 7]);
  }
  return samples;
}

export function strayInside(base: Uint8Array): Record<string, Uint8Array> {
  const { at } = segmentsOf(base).find(({ code }) => code === SOF)!;
  const inside = { RST3: 0xd3, TEM: 0x01, FF02: 0x02, FFBF: 0xbf, SOI: 0xd8, FFF0: 0xf0 };
  return Object.fromEntries(
    Object.entries(inside).flatMap(([name, code]) => [
      [`${name} before the frame header`, put(base, at, [0xff, code])],
      [`${name} in bytes before the frame header`, put(base, at, [9, 0xff, code, 8])],
    ]),
  );
}

export function strayBytesIn(progressive: Uint8Array): Record<string, Uint8Array> {
  const places = markersOf(progressive).filter(({ code }) => code === SOS || code === DHT);
  return Object.fromEntries(
    places.map(({ code, at }) => [
      `bytes before FF${code.toString(16)} at ${at} of a progressive one`,
      put(progressive, at, NOISE.subarray(0, 40)),
    ]),
  );
}

export function restarts(): Record<string, Uint8Array> {
  const of = (options: PlainOptions) =>
    plainJpeg(WIDTH, HEIGHT, colourPlanes(2, 2), { restartInterval: 4, ...options });
  const whole = of({});
  const interval = whole.length && segmentsOf(whole).find(({ code }) => code === DRI)!.at;
  const changedInterval = (n: number) => {
    const copy = Uint8Array.from(whole);
    copy[interval + 5] = n;
    return copy;
  };
  return {
    whole,
    "bytes before one": of({ beforeRestart: (n) => (n === 2 ? [1, 2, 3] : []) }),
    "608 bytes before each": of({ beforeRestart: () => NOISE }),
    "fill bytes before each": of({ beforeRestart: () => [0xff, 0xff] }),
    "one is missing": of({ restartOf: (n) => (n === 2 ? undefined : n % 8) }),
    "all are missing": of({ restartOf: () => undefined }),
    "all are RST0": of({ restartOf: () => 0 }),
    "they count from 1": of({ restartOf: (n) => (n + 1) % 8 }),
    "one is doubled": of({ beforeRestart: (n) => (n === 1 ? [0xff, 0xd1] : []) }),
    "no interval is told": join(whole.subarray(0, interval), whole.subarray(interval + 6)),
    "the interval is too long": changedInterval(7),
    "the interval is too short": changedInterval(3),
    "the interval is 0": changedInterval(0),
    "the interval's segment is short": join(
      whole.subarray(0, interval),
      segment(DRI, [4]),
      whole.subarray(interval + 6),
    ),
    "the interval's segment is long": join(
      whole.subarray(0, interval),
      segment(DRI, [0, 4, 0, 0]),
      whole.subarray(interval + 6),
    ),
  };
}

export function headers(base: Uint8Array): Record<string, Uint8Array> {
  const sof = segmentsOf(base).find(({ code }) => code === SOF)!;
  const frame = base.slice(sof.at, sof.end);
  const low = (side: number) => side & 255;
  return {
    "higher than its data": changed(base, SOF, 6, HEIGHT * 2),
    "lower than its data": changed(base, SOF, 6, HEIGHT / 2),
    "wider than its data": changed(base, SOF, 8, low(WIDTH) + 64),
    "height 0, told behind the scan": put(
      changed(base, SOF, 6, 0),
      base.length - 2,
      segment(0xdc, [0, HEIGHT]),
    ),
    "DNL behind the scan": put(base, base.length - 2, segment(0xdc, [0, HEIGHT])),
    "two frame headers": put(base, sof.at, frame),
    "two components": changed(base, SOF, 9, 2),
    "long frame header": put(changed(base, SOF, 3, 19), sof.end, [0, 0]),
    "ids are RGB": withIds(base, [82, 71, 66]),
    "ids are 0, 1, 2": withIds(base, [0, 1, 2]),
    "ids are 0, 0, 0": withIds(base, [0, 0, 0]),
    "ids are 1, 1, 3": withIds(base, [1, 1, 3]),
    "12 bits": changed(base, SOF, 4, 12),
    "quantisation table of precision 2": changed(base, DQT, 4, 0x20),
    "quantisation table with id 5": changed(base, DQT, 4, 5),
    "zero in a quantisation table": changed(base, DQT, 20, 0),
    "a quantisation table twice": put(base, sof.at, firstOf(base, DQT)),
    "without quantisation tables": without(base, DQT),
    "16 bit quantisation": put(
      base,
      sof.at,
      segment(DQT, [0x10, ...Array.from({ length: 64 }, () => [0, 9]).flat()]),
    ),
    "quantisation tables behind the frame header": put(
      without(base, DQT),
      segmentsOf(without(base, DQT)).at(-1)!.at,
      join(
        ...segmentsOf(base)
          .filter(({ code }) => code === DQT)
          .map(({ at, end }) => base.subarray(at, end)),
      ),
    ),
  };
}

export function huffman(base: Uint8Array): Record<string, Uint8Array> {
  const sof = segmentsOf(base).find(({ code }) => code === SOF)!;
  const tables = segmentsOf(base).filter(({ code }) => code === DHT);
  const cut = (n: number) => join(base.subarray(0, tables[n]!.at), base.subarray(tables[n]!.end));
  const extra = (content: ArrayLike<number>) => put(base, sof.at, segment(DHT, content));
  const counts = (first: number) => [first, ...new Array(15).fill(0)];
  return {
    "without Huffman tables": without(base, DHT),
    ...Object.fromEntries(tables.map((_, n) => [`without Huffman table ${n}`, cut(n)])),
    "an unused Huffman table that is empty": extra([0x03, ...new Array(16).fill(0)]),
    "an unused Huffman table with too many codes": extra([0x03, ...counts(3), 1, 2, 3]),
    "an unused DC table with symbol 200": extra([0x03, ...counts(1), 200]),
    "a Huffman table that is replaced later": extra([0x00, ...counts(3), 1, 2, 3]),
    "a used Huffman table with too many codes": changed(base, DHT, 5, 2),
    "a used DC table with symbol 16": changed(base, DHT, 21, 16),
    "class 2": changed(base, DHT, 4, 0x20),
    "id 4": changed(base, DHT, 4, 0x04),
    "bytes at the end of a Huffman segment": extra([0x03, ...counts(1), 1, 0, 0, 0]),
    "an empty Huffman segment": extra([]),
    "Huffman tables behind the scan": put(base, base.length - 2, firstOf(base, DHT)),
    "a broken Huffman table behind the scan": put(
      base,
      base.length - 2,
      segment(DHT, [0x20, ...counts(3), 1, 2, 3]),
    ),
    "arithmetic conditioning": put(base, sof.at, segment(0xcc, [0, 0x10])),
  };
}

function withIds(jpeg: Uint8Array, ids: readonly number[]): Uint8Array {
  return ids.reduce(
    (copy, id, n) => changed(changed(copy, SOF, 10 + 3 * n, id), SOS, 5 + 2 * n, id),
    jpeg,
  );
}
