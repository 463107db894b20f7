import { controlBits, UNITS } from "./controls.ts";
import { type Format, largestFrame, type PixelFormat } from "./modes.ts";

export interface Identity {
  readonly vendor: number;
  readonly product: number;
  readonly maker: string;
  readonly name: string;
  /** Undefined: the camera has none, as most cheap ones. */
  readonly serial: string | undefined;
}

/** Addresses of the endpoints, which give data to the host: pictures by bulk, changes of controls by interrupt. */
export const ENDPOINTS = { pictures: 1, changes: 3 } as const;
const OUTPUT = 3;
const INTO_HOST = 0x80;
const CLOCK_HZ = 48_000_000;
const SPECIFIC = { interface: 0x24, endpoint: 0x25 } as const;
const [VIDEO, CONTROL, STREAMING] = [0x0e, 1, 2];
const BULK_BYTES = 512;
const CHANGE_BYTES = 16;

/** Subtypes of class-specific descriptors of formats and their frames (UVC 1.5, A.6). */
const SUBTYPES: Readonly<Record<PixelFormat, { format: number; frame: number }>> = {
  MJPG: { format: 6, frame: 7 },
  YUYV: { format: 4, frame: 5 },
};
const YUY2_GUID = Buffer.from("5955593200001000800000aa00389b71", "hex");

export function deviceDescriptor({ vendor, product, serial }: Identity): Buffer {
  const serialString = serial === undefined ? 0 : 3;
  const release = 0x0100;
  const body = [u16(0x0200), 0xef, 2, 1, 64, u16(vendor), u16(product), u16(release), 1, 2];
  return descriptor(1, ...body, serialString, 1);
}

export function stringDescriptor(index: number, { maker, name, serial }: Identity): Buffer {
  if (index === 0) return descriptor(3, u16(0x0409));
  return descriptor(3, Buffer.from([maker, name, serial ?? ""][index - 1] ?? "", "utf16le"));
}

/** The configuration with all that belongs to it: an interface for controls and one for pictures, in one video function. */
export function configurationDescriptor(formats: readonly Format[]): Buffer {
  const body = Buffer.concat([
    descriptor(11, 0, 2, VIDEO, 3, 0, 0),
    descriptor(4, 0, 0, 1, VIDEO, CONTROL, 0, 0),
    controlUnits(),
    descriptor(5, INTO_HOST | ENDPOINTS.changes, 3, u16(CHANGE_BYTES), 8),
    descriptor(SPECIFIC.endpoint, 3, u16(CHANGE_BYTES)),
    descriptor(4, 1, 0, 1, VIDEO, STREAMING, 0, 0),
    streamFormats(formats),
    descriptor(5, INTO_HOST | ENDPOINTS.pictures, 2, u16(BULK_BYTES), 0),
  ]);
  return Buffer.concat([descriptor(2, u16(9 + body.length), 2, 1, 0, 0x80, 250), body]);
}

function controlUnits(): Buffer {
  const bits = (unit: "camera" | "processing", bytes: number) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntLE(controlBits(unit), 0, bytes);
    return buffer;
  };
  const ofCamera = u16(0x0201);
  const toHost = u16(0x0101);
  const units = Buffer.concat([
    own(2, UNITS.camera, ofCamera, 0, 0, u16(0), u16(0), u16(0), 3, bits("camera", 3)),
    own(5, UNITS.processing, UNITS.camera, u16(0), 2, bits("processing", 2), 0),
    own(3, OUTPUT, toHost, 0, UNITS.processing, 0),
  ]);
  const headBytes = 13;
  const head = own(1, u16(0x0100), u16(headBytes + units.length), u32(CLOCK_HZ), 1, 1);
  return Buffer.concat([head, units]);
}

function streamFormats(formats: readonly Format[]): Buffer {
  const all = Buffer.concat(formats.map(formatAndFrames));
  const headBytes = 13 + formats.length;
  const controlsOfEach = Buffer.alloc(formats.length);
  const address = INTO_HOST | ENDPOINTS.pictures;
  const head = [formats.length, u16(headBytes + all.length), address, 0, OUTPUT, 0, 0, 0, 1];
  return Buffer.concat([own(1, ...head, controlsOfEach), all]);
}

function formatAndFrames({ pixels, sizes }: Format, at: number): Buffer {
  const subtype = SUBTYPES[pixels];
  const fixedSize = 1;
  const kind = pixels === "MJPG" ? [fixedSize] : [YUY2_GUID, 16];
  const frames = sizes.map(({ width, height, intervals }, index) => {
    const bytes = largestFrame({ width, height });
    const rates = [intervals.at(-1)!, intervals[0]!].map((interval) => 10_000_000 / interval);
    const [least, most] = rates.map((rate) => u32(Math.round(bytes * 8 * rate)));
    const list = [u32(intervals[0]!), intervals.length, ...intervals.map(u32)];
    return own(
      ...[subtype.frame, index + 1, 0, u16(width), u16(height), least!, most!, u32(bytes)],
      ...list,
    );
  });
  const sRgbColours = own(13, 1, 1, 4);
  const format = own(subtype.format, at + 1, sizes.length, ...kind, 1, 0, 0, 0, 0);
  return Buffer.concat([format, ...frames, sRgbColours]);
}

type Part = number | Uint8Array;

function own(...parts: readonly Part[]): Buffer {
  return descriptor(SPECIFIC.interface, ...parts);
}

/** A byte for its length, one for its type, and its parts, of which a number is a byte. */
function descriptor(type: number, ...parts: readonly Part[]): Buffer {
  const bytes = parts.map((part) => (typeof part === "number" ? Uint8Array.of(part) : part));
  const body = Buffer.concat([Uint8Array.of(type), ...bytes]);
  return Buffer.concat([Uint8Array.of(body.length + 1), body]);
}

function u16(value: number): Buffer {
  const buffer = Buffer.alloc(2);
  buffer.writeUInt16LE(value);
  return buffer;
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value >>> 0);
  return buffer;
}
