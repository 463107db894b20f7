import { type V4l2FrameInfo, writeFrameHead } from "../../../src/sources/v4l2/frame-head.ts";

/** A message of the V4L2 camera program. */
export function message(type: string, text: object | Buffer, payload = Buffer.alloc(0)): Buffer {
  const json = Buffer.isBuffer(text) ? text : Buffer.from(JSON.stringify(text));
  return Buffer.concat([head(type, json.length, payload.length), json, payload]);
}

/** What is said of a frame. */
export function frameHead(more: Partial<V4l2FrameInfo> = {}): Buffer {
  return Buffer.from(
    writeFrameHead({
      ...{ time: 1e12, clock: "monotonic", sequence: 1, lost: 0, replaced: 0, fourcc: "JPEG" },
      ...{ width: 640, height: 480, stride: 0, error: false, ...more },
    }),
  );
}

/** Bytes that are no message, each for a fault of its own kind. */
export const HOSTILE: readonly (readonly [string, Buffer])[] = [
  ["a program's words", Buffer.from("v4l2-camera: cannot open /dev/video0\n")],
  ["an unknown type", message("X", {})],
  ["bytes where there are none", withByte(message("S", { changes: [] }), 13, 1)],
  ["a text of 4 GiB", head("D", 2 ** 32 - 1, 0)],
  ["more about a frame than there is", head("F", 57, 4)],
  ["less about a frame than there is", message("F", frameHead().subarray(0, 55))],
  ["no text", head("A", 0, 0)],
  ["a picture of 4 GiB", head("F", 56, 2 ** 32 - 1)],
  ["a picture in an answer", message("A", { answer: 1, ok: true }, Buffer.alloc(8))],
  ["a text that is no JSON", message("C", Buffer.from("{id: 7"))],
  ["a text that is not UTF-8", message("C", Buffer.from([0x22, 0xff, 0x22]))],
  ["a list for a message", message("A", [])],
  ["null for a message", message("D", Buffer.from("null"))],
  ["a frame without a width", message("F", frameHead({ width: 0 }))],
  ["a frame without a height", message("F", frameHead({ height: 0 }))],
  ["a frame that is wider than cameras are", message("F", frameHead({ width: 1e9 }))],
  ["a description without controls", message("D", { node: "/dev/video0" })],
  ["controls without end", message("D", device(Array(600).fill(control())))],
  ["a control without a name", message("D", device([{ ...control(), name: 5 }]))],
  [
    "a menu without end",
    message("D", device([{ ...control(), menu: Array(300).fill({ index: 0 }) }])),
  ],
  [
    "a value within values without end",
    message("A", Buffer.from(`{"answer":1,"ok":true,"values":{"7":${nested(100_000)}}}`)),
  ],
  ["a value that no control has", message("C", { id: 7, changes: [], value: { a: [1] } })],
  ["an array without end", message("C", { id: 7, changes: [], value: Array(5000).fill(1) })],
  ["deep nesting", message("C", Buffer.from(`${"[".repeat(100_000)}`))],
];

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

function control(): object {
  return { id: 1, name: "a", type: "integer", default: 1, value: 1, flags: [] };
}

function device(controls: readonly object[]): object {
  const words = { node: "", driver: "", card: "", bus_info: "" };
  return { ...words, format: null, modes: [], controls, events: true };
}

function head(type: string, jsonBytes: number, payloadBytes: number): Buffer {
  const header = Buffer.from(`V4L${type}`.padEnd(16, "\0"), "latin1");
  header.writeUInt32LE(jsonBytes, 4);
  header.writeUInt32LE(payloadBytes, 8);
  return header;
}

function withByte(bytes: Buffer, at: number, byte: number): Buffer {
  bytes[at] = byte;
  return bytes;
}
