// A program that gives pictures: `node camera.js jpeg|multipart|gdp FRAME.jpg FPS` writes the stamped frame to its standard
// output, as ffmpeg or GStreamer would. At 0 frames a second it writes as fast as its reader takes them.
import { readFileSync, writeSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { stamp } from "../frames.ts";

const GDP_HEADER_BYTES = 62;
const CAPS = Buffer.from("image/jpeg\0");
const NONE = 0xffff_ffff_ffff_ffffn;

const [framing = "jpeg", file = "", rate = "30"] = process.argv.slice(2);
const head = headOf(framing, readFileSync(file).length);
const tail = framing === "multipart" ? "\r\n" : "";
const whole = Buffer.concat([head, readFileSync(file), Buffer.from(tail)]);
const jpeg = whole.subarray(head.length);
const periodMs = Number(rate) > 0 ? 1000 / Number(rate) : 0;

// GStreamer's own reader wants to be told first what comes.
if (framing === "gdp") writeSync(1, Buffer.concat([gdpHeader(2, CAPS.length), CAPS]));
for (let n = 0, due = performance.now(); ; n++, due += periodMs) {
  if (periodMs > 0) await after(Math.max(0, due - performance.now()));
  if (framing === "gdp") head.copy(whole);
  if (framing === "gdp") whole.writeBigUInt64BE(BigInt(Math.round(n * periodMs * 1e6)), 10);
  stamp(jpeg, n);
  for (let at = 0; at < whole.length; ) at += writeSync(1, whole, at);
}

function headOf(kind: string, bytes: number): Buffer {
  if (kind === "multipart") {
    return Buffer.from(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${bytes}\r\n\r\n`);
  }
  return kind === "gdp" ? gdpHeader(1, bytes) : Buffer.alloc(0);
}

/** @param type - 1: a buffer, 2: caps. */
function gdpHeader(type: number, bytes: number): Buffer {
  const header = Buffer.alloc(GDP_HEADER_BYTES);
  header.set([1, 0, 0, 0, 0, type]); // version 1.0, no flags
  header.writeUInt32BE(bytes, 6);
  if (type === 1) for (const at of [10, 18, 26, 34]) header.writeBigUInt64BE(NONE, at);
  return header;
}
