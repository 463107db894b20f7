import { existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { messageOf } from "../../base/errors.ts";
import { JpegSplitter } from "../../frames/jpeg/jpeg-splitter.ts";
import { Child } from "../../processes/child.ts";
import { runProgram } from "../../processes/run-program.ts";
import { aboutIn, controlsIn, errnoIn, modesIn } from "./ctl-text.ts";
import { type V4l2FrameInfo, writeFrameHead } from "./frame-head.ts";
import type { V4l2Format } from "./messages.ts";

// Speaks the wire of docs/internals/v4l2-program.md where the program itself was not built: gst-launch-1.0 streams, v4l2-ctl has the
// controls. Frames have no times of the driver and no numbers, and changes by other programs are not seen.

const LIMITS = { timeoutMs: 4000, mostBytes: 1 << 22 };
const STILL_LIMITS = { timeoutMs: 9000, mostBytes: 1 << 26 };
const GONE = 3;
const node = process.argv[3] ?? "";
let controls: ReturnType<typeof controlsIn> = [];
let format: V4l2Format | null = null;
let modes: ReturnType<typeof modesIn> = [];
let streaming: Child | undefined;
let sequence = 0;

await describe().catch((error) => fail("open", messageOf(error)));
let turn: Promise<void> = Promise.resolve();
createInterface({ input: process.stdin })
  .on("line", (line) => {
    turn = turn.then(() => obey(line));
  })
  .on("close", () => void turn.then(end));

async function obey(line: string): Promise<void> {
  const [number = "", command = "", ...words] = line.split(" ");
  try {
    send("A", { answer: Number(number), ok: true, ...(await run(command, words, Number(number))) });
  } catch (error) {
    const message = messageOf(error);
    const trouble = { ioctl: command, errno: errnoIn(message), message };
    send("A", { answer: Number(number), ok: false, error: trouble });
  }
}

async function run(command: string, words: readonly string[], number: number): Promise<object> {
  switch (command) {
    case "start":
      start();
      return {};
    case "pause":
      await pause();
      return {};
    case "describe":
      await describe();
      return {};
    case "get":
      await describe();
      return { values: valuesOf(words.map(Number)) };
    case "set":
      return set(words);
    case "mode":
      return setMode(words);
    case "still":
      return still(words, number);
    case "stop":
      return end();
    default:
      throw new Error("Invalid argument");
  }
}

async function describe(): Promise<void> {
  const [about, listed, sizes] = await Promise.all([
    ctl("-D"),
    ctl("-L"),
    ctl("--list-formats-ext"),
  ]);
  controls = controlsIn(listed);
  modes = modesIn(sizes);
  const [mode] = modes;
  const [size] = mode?.sizes ?? [];
  const { width, height, intervals } = size ?? { width: 640, height: 480, intervals: [] };
  if (mode && typeof width === "number" && typeof height === "number")
    format ??= { fourcc: mode.fourcc, width, height, interval: intervals[0]?.interval ?? null };
  send("D", { node, ...aboutIn(about), format, modes, controls, events: false });
}

async function ctl(...args: readonly string[]): Promise<string> {
  const command = { program: "v4l2-ctl", args: ["-d", node, ...args] };
  const { code, output, errorLines } = await runProgram(command, LIMITS);
  const said = errorLines.join(" ");
  if (code !== 0 || /failed|error/i.test(said))
    throw new Error(said || `v4l2-ctl ended with ${code}`);
  return output.toString();
}

async function set(words: readonly string[]): Promise<object> {
  for (const word of words) {
    const [id, value = ""] = word.split("=");
    const control = controls.find((one) => one.id === Number(id));
    if (!control) throw new Error("Invalid argument");
    const text = control.type === "button" ? "1" : decodeURIComponent(value);
    // It would set what follows as another control.
    if (text.includes(",")) throw new Error("Invalid argument: v4l2-ctl sets no text with a comma");
    await ctl("-c", `${control.ctlName}=${text}`);
  }
  await describe();
  return { values: valuesOf(words.map((word) => Number(word.split("=")[0]))) };
}

function valuesOf(ids: readonly number[]): object {
  const found = controls.filter(({ id }) => ids.includes(id));
  return Object.fromEntries(found.map(({ id, value }) => [id, value]));
}

async function setMode(words: readonly string[]): Promise<object> {
  const before = format;
  format = formatIn(words);
  const began = performance.now();
  const wasStreaming = streaming !== undefined;
  if (wasStreaming) {
    await pause();
    try {
      await picture(format);
    } catch (error) {
      format = before;
      start();
      throw error;
    }
    start();
  }
  await describe();
  return { format, away_ms: wasStreaming ? performance.now() - began : null };
}

async function still(words: readonly string[], number: number): Promise<object> {
  const began = performance.now();
  const wasStreaming = streaming !== undefined;
  const asked = formatIn(words);
  await pause();
  try {
    const jpeg = await picture(asked);
    sendFrame({ ...frameInfo(asked), still: number }, jpeg);
  } finally {
    if (wasStreaming) start();
  }
  return { format, away_ms: wasStreaming ? performance.now() - began : null };
}

function formatIn([fourcc = "", size = "", interval]: readonly string[]): V4l2Format {
  const [width = 0, height = 0] = size.split("x").map(Number);
  const known = modes.find((mode) => mode.fourcc === fourcc);
  const has = known?.sizes.find((one) => one.width === width && one.height === height);
  if (!has) throw new Error("Invalid argument");
  const [seconds = 1, parts = 30] = interval?.split("/").map(Number) ?? [];
  return { fourcc, width, height, interval: interval ? [seconds, parts] : null };
}

/** The third picture in a mode: the first ones are often dark. */
async function picture(mode: V4l2Format): Promise<Uint8Array> {
  const pictures: Uint8Array[] = [];
  const splitter = new JpegSplitter({ onJpeg: (jpeg) => void pictures.push(jpeg) });
  const command = { program: "gst-launch-1.0", args: pipeline(mode, ["num-buffers=3"]) };
  const { output, errorLines } = await runProgram(command, STILL_LIMITS);
  splitter.read(output);
  const last = pictures.at(-1);
  if (!last) throw new Error(errorLines.join(" ") || "gst-launch-1.0 gave no picture");
  return last;
}

function pipeline({ fourcc, width, height, interval }: V4l2Format, more: readonly string[] = []) {
  const isJpeg = /^M?JPE?G$/.test(fourcc);
  const rate = interval ? `,framerate=${interval[1]}/${interval[0]}` : "";
  const caps = `${isJpeg ? "image/jpeg" : "video/x-raw"},width=${width},height=${height}${rate}`;
  const encode = isJpeg ? [] : ["videoconvert", "!", "jpegenc", "!"];
  const source = ["-q", "v4l2src", `device=${node}`, ...more, "!", caps, "!"];
  return [...source, ...encode, "fdsink", "fd=1"];
}

function start(): void {
  if (streaming || !format) return;
  const now = format;
  const child = new Child({ program: "gst-launch-1.0", args: pipeline(now) }, { outputs: [1] });
  streaming = child;
  const splitter = new JpegSplitter({ onJpeg: (jpeg) => sendFrame(frameInfo(now), jpeg) });
  child.receive(1, splitter, () => child.kill());
  void child.ended.then(() => {
    if (streaming === child) fail("gst-launch-1.0", child.errorLines.join(" "));
  });
}

async function pause(): Promise<void> {
  const child = streaming;
  streaming = undefined;
  await child?.stop();
}

function frameInfo({ width, height }: V4l2Format): V4l2FrameInfo {
  sequence += 1;
  return {
    ...{ time: null, clock: "unknown", sequence, lost: 0, replaced: 0, fourcc: "JPEG" },
    ...{ width, height, stride: 0, error: false },
  };
}

async function end(): Promise<never> {
  await pause();
  process.exit(0);
}

function fail(ioctl: string, message: string): never {
  const errno = existsSync(node) ? errnoIn(message) : "ENODEV"; // v4l2-ctl does not say why it cannot open
  send("E", { ioctl, errno, message: message.slice(0, 900), fatal: true });
  process.exit(errno === "ENODEV" ? GONE : 1);
}

/** Frames that the pipe does not take are dropped: this process must not hold them. */
function sendFrame(info: V4l2FrameInfo, payload: Uint8Array): void {
  if (process.stdout.writableLength > 0 && info.still === undefined) return;
  sendBytes("F", writeFrameHead(info), payload);
}

function send(type: string, text: object): void {
  sendBytes(type, Buffer.from(JSON.stringify(text)), new Uint8Array());
}

function sendBytes(type: string, head: Uint8Array, payload: Uint8Array): void {
  const header = Buffer.from(`V4L${type}`.padEnd(16, "\0"), "latin1");
  header.writeUInt32LE(head.length, 4);
  header.writeUInt32LE(payload.length, 8);
  process.stdout.write(Buffer.concat([header, head, payload]));
}
