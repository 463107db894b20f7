import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { nativeProgram } from "../../src/base/native.ts";
import { packagePath } from "../../src/base/package-root.ts";
import type { V4l2FrameInfo } from "../../src/sources/v4l2/frame-head.ts";
import { V4l2MessageReader } from "../../src/sources/v4l2/message-reader.ts";
import type { V4l2Message } from "../../src/sources/v4l2/messages.ts";
import { patience } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** The V4L2 program of this machine's compiler, no older than its sources. */
export function v4l2Program(): string {
  const build = packagePath("scripts", "build-native.mjs");
  spawnSync(process.execPath, [build, "--changed"], { stdio: ["ignore", 2, 2] });
  return builtV4l2Program();
}

/** The V4L2 program as it is: the test machine is too slow to build it. */
export function builtV4l2Program(): string {
  const program = nativeProgram("v4l2-camera");
  if (!program) throw new Error("The V4L2 program is not built: npm run build (scripts/setup).");
  return program;
}

/** The V4L2 program with a driver of our own, a file of this folder, in place of ioctl.c. */
export async function programWith(
  driver: string,
  { flags = [], libraries = [] }: { flags?: readonly string[]; libraries?: readonly string[] } = {},
): Promise<string> {
  const sources = packagePath("native", "v4l2-camera");
  const own = (await readdir(sources)).filter((file) => /^(?!ioctl).*\.c$/.test(file));
  const inputs = [
    ...own.map((file) => join(sources, file)),
    packagePath("test", "native", driver),
    ...libraries,
  ];
  const output = join(await temporaryFolder(), "v4l2-camera");
  const { code, stderr } = await runToEnd(["cc", "-std=gnu11", ...flags, "-o", output, ...inputs]);
  if (code !== 0 || stderr !== "") throw new Error(`${driver} does not compile: ${stderr}`);
  return output;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end, with `input` on its stdin, which ends `holdMs` after it. */
export async function runToEnd(
  [program, ...args]: readonly string[],
  input: string | Uint8Array = "",
  env: Record<string, string> = {},
  holdMs = 0,
): Promise<Ended> {
  const child = spawn(program!, args, {
    env: { ...process.env, ...env },
    signal: patience(),
    killSignal: "SIGKILL",
  });
  const [out, errors]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  child.stdin.on("error", () => {}); // it may end before it has read all
  if (holdMs > 0) setTimeout(() => child.stdin.end(), holdMs).unref();
  if (holdMs > 0) child.stdin.write(input);
  else child.stdin.end(input);
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(errors).toString() };
}

export interface Received {
  readonly messages: V4l2Message[];
  readonly frames: { readonly info: V4l2FrameInfo; readonly payload: Uint8Array }[];
}

/** Everything that a program has written, by the server's own reader. */
export function received(bytes: Uint8Array): Received {
  const { reader, all } = collector();
  reader.read(bytes);
  return all;
}

/** What a program writes, while it does. */
export function collector(): { reader: V4l2MessageReader; all: Received } {
  const all: Received = { messages: [], frames: [] };
  const reader = new V4l2MessageReader({
    message: (message) => all.messages.push(message),
    memoryFor: (_, bytes) => new Uint8Array(bytes),
    frame: (info, payload) => all.frames.push({ info, payload }),
  });
  return { reader, all };
}

/** A program that runs, and is read only when `read` is called. */
export function start([program, ...args]: readonly string[]): {
  child: ChildProcessByStdio<Writable, Readable, null>;
  all: Received;
  read(): void;
  ended: Promise<number | null>;
} {
  const child = spawn(program!, args, {
    stdio: ["pipe", "pipe", "inherit"],
    signal: patience(),
    killSignal: "SIGKILL",
  });
  const { reader, all } = collector();
  const ended = once(child, "close").then(([code]) => code as number | null);
  const read = () => child.stdout.on("data", (chunk: Buffer) => reader.read(chunk));
  return { child, all, read, ended };
}
