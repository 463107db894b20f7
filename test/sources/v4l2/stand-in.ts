import { appendFileSync, existsSync, readFileSync, writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { type V4l2FrameInfo, writeFrameHead } from "../../../src/sources/v4l2/frame-head.ts";
import { picture } from "../../streams/pictures.ts";
import { type Behaviour, controlsOf, MODES, type StandInControl } from "./stand-in-device.ts";

// A program that speaks the wire of docs/internals/v4l2-program.md, for faults that no driver has on request. Its device is a file:
// `stand-in.js stream FILE --idle`. The file says how the device behaves, and its removal unplugs it.

const path = process.argv[3] ?? "";
if (!existsSync(path)) fail("open", "ENOENT", "No such file or directory", 3);
let behaviour = behaviourNow();
if (behaviour.openError) fail("open", behaviour.openError, "as asked for");

let controls = controlsOf(behaviour);
let format = { fourcc: "MJPG", width: 640, height: 480, interval: [1, behaviour.rate ?? 100] };
let streaming: NodeJS.Timeout | undefined;
let sequence = 0;
let frames = 0;
let lost = 0;
let modes = MODES;
const optionMode = process.argv.indexOf("--mode");
if (optionMode > 0) takeMode(process.argv[optionMode + 1]?.split(":") ?? []);

if (!behaviour.isMute) tellDevice();
setInterval(lookForDevice, 20);
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const [number = "", command = "", ...words] = line.split(" ");
    if (existsSync(path)) behaviour = behaviourNow(); // a test may have changed it
    if (behaviour.commandLog)
      appendFileSync(behaviour.commandLog, `${command} ${words.join(" ")}\n`);
    if (behaviour.hangsAt === command) for (;;); // as an ioctl does that a driver keeps
    if (behaviour.crashesAt === command) process.kill(process.pid, "SIGSEGV");
    answer(Number(number), run(command, words, Number(number)));
  })
  .on("close", () => process.exit(0));

function behaviourNow(): Behaviour {
  return JSON.parse(readFileSync(path, "utf8"));
}

function run(command: string, words: readonly string[], number: number): object {
  switch (command) {
    case "start":
      if (behaviour.startError) return refused("VIDIOC_STREAMON", behaviour.startError);
      streaming ??= setInterval(sendFrame, 1000 / (behaviour.rate ?? 100));
      return { ok: true };
    case "pause":
      clearInterval(streaming);
      streaming = undefined;
      return { ok: true };
    case "describe":
      tellDevice();
      return { ok: true };
    case "get":
      for (const control of controls) if (changesByItself(control)) drift(control);
      return { ok: true, values: valuesOf(words.map(Number)) };
    case "set":
      return set(words);
    case "mode":
      return mode(words);
    case "still":
      sendMessage(
        "F",
        writeFrameHead({ ...frameInfo(), ...sizeIn(words[1] ?? ""), still: number }),
        picture(999),
      );
      return { ok: true, away_ms: words[1] === sizeText() ? 0 : 40 };
    case "stop":
      return process.exit(0);
    default:
      return refused("command", "EINVAL");
  }
}

function set(words: readonly string[]): object {
  for (const word of words) {
    const [id, text = ""] = word.split("=");
    const control = controls.find((one) => one.id === Number(id));
    if (!control) return refused("VIDIOC_S_EXT_CTRLS", "EINVAL");
    const isRefused = (behaviour.setErrorOf ?? Number(id)) === Number(id);
    if (behaviour.setError && isRefused)
      return { ...refused("VIDIOC_S_EXT_CTRLS", behaviour.setError) };
    control.value = valueIn(control, text);
    controls = controlsOf(behaviour, controls);
    const { value, flags, min, max, step } = control;
    send("C", { id: Number(id), changes: ["value"], value, flags, min, max, step });
  }
  return { ok: true, values: valuesOf(words.map((word) => Number(word.split("=")[0]))) };
}

function valueIn({ type, min, step }: StandInControl, text: string): unknown {
  if (type === "button") return null;
  if (type === "boolean") return text === "1";
  if (type === "string") return decodeURIComponent(text);
  if (text.includes(",")) return text.split(",").map(Number);
  if (type === "integer64") return Math.abs(Number(text)) < 2 ** 53 ? Number(text) : text;
  return min + Math.round((Number(text) - min) / step) * step; // drivers round
}

function changesByItself({ flags }: StandInControl): boolean {
  return (
    flags.includes("volatile") || (behaviour.movesByItself === true && flags.includes("inactive"))
  );
}

function drift(control: StandInControl): void {
  control.value = Number(control.value) + 1;
}

function mode(words: readonly string[]): object {
  if (behaviour.modeError) return refused("VIDIOC_S_FMT", behaviour.modeError);
  if (!takeMode(words)) return refused("VIDIOC_TRY_FMT", "EINVAL", { offers: format });
  tellDevice();
  return { ok: true, format, away_ms: streaming ? 12.5 : null };
}

/** Whether the device has it. */
function takeMode([fourcc = "", size = "", interval = "1/30"]: readonly string[]): boolean {
  const { width, height } = sizeIn(size);
  const sizes = MODES.find((one) => one.fourcc === fourcc)?.sizes ?? [];
  if (!sizes.some((one) => one.width === width && one.height === height)) return false;
  format = { fourcc, width, height, interval: interval.split("/").map(Number) };
  return true;
}

function sendFrame(): void {
  frames += 1;
  const { crashAfter, muteAfter, garbageAfter, loseEvery, damageEvery } = behaviour;
  if (crashAfter === frames) process.kill(process.pid, "SIGKILL");
  if (muteAfter !== undefined && frames > muteAfter) return;
  if (garbageAfter === frames) writeSync(1, Buffer.alloc(64, 0x41));
  if (behaviour.inputChangesAt === frames) {
    modes = MODES.slice(0, 1);
    for (let told = 0; told < (behaviour.inputChanges ?? 1); told++)
      send("S", { changes: ["resolution"] });
  }
  sequence += 1;
  if (loseEvery && frames % loseEvery === 0) {
    lost += 2;
    sequence += 2;
  }
  const error = Boolean(damageEvery && frames % damageEvery === 0);
  if (behaviour.raw) sendRaw(behaviour.raw, error);
  else sendMessage("F", writeFrameHead({ ...frameInfo(), error }), picture(frames));
  lost = 0;
}

function sendRaw(fourcc: string, error: boolean): void {
  const bytes = Buffer.alloc(64 * 48 * 2, 128);
  const size = { width: 64, height: 48, stride: 128, fourcc };
  sendMessage("F", writeFrameHead({ ...frameInfo(), ...size, error }), bytes);
}

function frameInfo(): V4l2FrameInfo {
  const time = Number(process.hrtime.bigint()) - 7e6;
  const clock = behaviour.clock ?? "monotonic";
  return {
    ...{ time: behaviour.isUntimed ? null : time, clock },
    ...{ sequence, lost, replaced: 0, fourcc: "JPEG" },
    ...{ width: format.width, height: format.height, stride: 0, error: false },
  };
}

function valuesOf(ids: readonly number[]): object {
  const found = controls.filter(({ id }) => ids.includes(id));
  return Object.fromEntries(found.map(({ id, value }) => [id, value]));
}

function sizeText(): string {
  return `${format.width}x${format.height}`;
}

function sizeIn(text: string): { width: number; height: number } {
  const [width = 0, height = 0] = text.split("x").map(Number);
  return { width, height };
}

function tellDevice(): void {
  send("D", {
    ...{ node: path, driver: "stand-in", card: "Stand-in Cam", bus_info: "none", version: "6.1.0" },
    ...{ sysfs: null, capabilities: ["video-capture", "streaming"], device_caps: 1 },
    ...{ multiplanar: false, inputs: [], input: 0, format: { ...format, payload: "jpeg" } },
    ...{ modes, controls, events: true, streaming: streaming !== undefined, truncated: [] },
  });
}

function lookForDevice(): void {
  if (!existsSync(path)) fail("VIDIOC_DQBUF", "ENODEV", "No such device", 3);
}

function answer(number: number, members: object): void {
  send("A", { answer: number, ...members });
}

function refused(ioctl: string, errno: string, more: object = {}): object {
  const error = { ioctl, errno, number: 1, message: "as asked for", fatal: false, ...more };
  return { ok: false, error };
}

function fail(ioctl: string, errno: string, message: string, code = 1): never {
  send("E", { ioctl, errno, number: 1, message, fatal: true });
  process.exit(code);
}

function send(type: string, text: object): void {
  sendMessage(type, Buffer.from(JSON.stringify(text)), new Uint8Array());
}

function sendMessage(type: string, head: Uint8Array, payload: Uint8Array): void {
  const header = Buffer.from(`V4L${type}`.padEnd(16, "\0"), "latin1");
  header.writeUInt32LE(head.length, 4);
  header.writeUInt32LE(payload.length, 8);
  for (const bytes of [header, head, payload]) writeAll(bytes);
}

/** The pipe may be full, and is set not to wait. */
function writeAll(bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      const isFull = error instanceof Error && "code" in error && error.code === "EAGAIN";
      if (!isFull) process.exit(0); // nobody reads any more
    }
  }
}
