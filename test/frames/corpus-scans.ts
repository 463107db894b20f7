import {
  COM,
  changed,
  changedCode,
  changedLater,
  DHT,
  markersOf,
  nextAfter,
  put,
  SOF,
  SOS,
  withoutAny,
} from "./jpeg-edits.ts";
import { plainJpeg } from "./jpeg-encoder.ts";
import { join, segment, segmentsOf, withFirstSegment } from "./jpegs.ts";
import { coded, colourPlanes, HEIGHT, NOISE, WIDTH } from "./quarters.ts";

export function progressives(jpeg: Uint8Array): Record<string, Uint8Array> {
  const all = markersOf(jpeg);
  const scanStarts = all.filter(({ code }) => code === SOS);
  const [first] = scanStarts;
  const at = (n: number, offset: number, value: number) => {
    const copy = Uint8Array.from(jpeg);
    copy[scanStarts[n]!.at + offset] = value;
    return copy;
  };
  const last = scanStarts.at(-1)!;
  const lastScan = jpeg.subarray(last.at, -2);
  return {
    progressive: jpeg,
    "progressive with its first scan alone": join(
      jpeg.subarray(0, nextAfter(all, first!)),
      [0xff, 0xd9],
    ),
    "progressive, cut in its last scan and ended": join(
      jpeg.subarray(0, last.end + 5),
      [0xff, 0xd9],
    ),
    "progressive without its first scan": join(
      jpeg.subarray(0, first!.at),
      jpeg.subarray(nextAfter(all, first!)),
    ),
    "progressive with its last scan twice": put(jpeg, last.at, lastScan),
    "progressive with its last scan 120 times": put(
      jpeg,
      last.at,
      join(...new Array(119).fill(lastScan)),
    ),
    "progressive without Huffman tables": withoutAny(jpeg, DHT),
    "progressive, coefficients 0 to 5": at(0, 4 + 1 + 6 + 1, 5),
    "progressive, a later scan asks for coefficient 70": at(
      1,
      scanStarts[1]!.end - scanStarts[1]!.at - 2,
      70,
    ),
    "progressive, a later scan names an unknown component": at(1, 5, 77),
    "progressive, a later Huffman table is bad": changedLater(jpeg, DHT, 1, 4, 0x20),
    "baseline that says it is progressive": changedCode(plain(), SOF, 0xc2),
  };
}

export function scans(base: Uint8Array): Record<string, Uint8Array> {
  const { end } = segmentsOf(base).at(-1)!;
  const data = base.subarray(end, -2);
  const head = base.subarray(0, end);
  const half = data.subarray(0, data.length >> 1);
  const garbled = Uint8Array.from(data, (byte, n) =>
    n % 7 === 3 && byte !== 255 && data[n - 1] !== 255 ? byte ^ 0x55 : byte,
  );
  const inData = (...bytes: number[]) =>
    join(head, half, bytes, data.subarray(half.length), [0xff, 0xd9]);
  return {
    "cut off and ended": join(head, half, [0xff, 0xd9]),
    empty: join(head, [0xff, 0xd9]),
    "one byte": join(head, [0x55, 0xff, 0xd9]),
    garbled: join(head, garbled, [0xff, 0xd9]),
    zeros: join(head, new Uint8Array(data.length), [0xff, 0xd9]),
    "longer than the picture": join(head, data, NOISE, [0xff, 0xd9]),
    "zeros before the end": join(head, data, new Uint8Array(600), [0xff, 0xd9]),
    "FF before the end": join(head, data, [0xff, 0xff, 0xff, 0xff, 0xd9]),
    "RST in data without restarts": inData(0xff, 0xd0),
    "FF02 in its data": inData(0xff, 0x02),
    "FF01 in its data": inData(0xff, 0x01),
    "FFF3 in its data": inData(0xff, 0xf3),
    "COM in its data": inData(0xff, COM, 0, 4, 1, 2),
    "names an unknown component": changed(base, SOS, 5, 9),
    "names one twice": changed(base, SOS, 7, 1),
    "names Huffman table 2": changed(base, SOS, 6, 0x22),
    "of baseline says coefficients 0 to 0": changed(base, SOS, 12, 0),
    "of baseline says 1 to 63, bits 1 to 0": changed(changed(base, SOS, 11, 1), SOS, 13, 0x10),
    "of brightness alone": lumaAlone(base),
    "one a component": plainJpeg(WIDTH, HEIGHT, colourPlanes(2, 2), { separate: true }),
    "one a component, the last is missing": lastScanCut(
      plainJpeg(WIDTH, HEIGHT, colourPlanes(1, 1), { separate: true }),
    ),
    "its header is long": put(changed(base, SOS, 3, 14), end, [0, 0]),
  };
}

function lumaAlone(base: Uint8Array): Uint8Array {
  const { at, end } = segmentsOf(base).at(-1)!;
  return join(base.subarray(0, at), segment(SOS, [1, 1, 0, 0, 63, 0]), base.subarray(end));
}

function lastScanCut(jpeg: Uint8Array): Uint8Array {
  const last = markersOf(jpeg)
    .filter(({ code }) => code === SOS)
    .at(-1)!;
  return join(jpeg.subarray(0, last.at), [0xff, 0xd9]);
}

export async function codings(base: Uint8Array): Promise<Record<string, Uint8Array>> {
  const codes = [0xc1, 0xc3, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf];
  return {
    ...Object.fromEntries(
      codes.map((code) => [`SOF FF${code.toString(16)}`, changedCode(base, SOF, code)]),
    ),
    hierarchical: withFirstSegment(base, segment(0xde, [8, 0, 64, 0, 128, 1, 1, 0x11, 0])),
    optimised: await coded({ optimiseCoding: true }),
    mozjpeg: await coded({ mozjpeg: true }),
    "quality 1": await coded({ quality: 1 }),
    "quality 100": await coded({ quality: 100, chromaSubsampling: "4:4:4" }),
  };
}

const plain = () => plainJpeg(WIDTH, HEIGHT, colourPlanes(2, 2));
