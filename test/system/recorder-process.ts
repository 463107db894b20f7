import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { packagePath } from "../../src/base/package-root.ts";
import type { Captured } from "../recording/accounts.ts";
import { newPath } from "../recording/recordings.ts";
import { shim } from "./disk-shim.ts";

/** Something that a recorder did, and how many frames had been captured by then. */
export interface Deed {
  readonly after: number;
  readonly opened?: string;
  /** Why a recording takes no more frames, though its file may still have to be closed. */
  readonly ending?: string;
  /** Why a recording ended; "killed" when its process was. */
  readonly ended?: string;
  /** Frames that a recording took until it ended. */
  readonly captured?: number;
  /** Why one could not begin. */
  readonly refused?: string;
}

/** What makes a recorder's faults: files that are there or not. */
export interface Faults {
  /** While it is there, the disk stalls. */
  readonly stall: string;
  /** While it is there, the disk fails with the error number in it. */
  readonly error: string;
  /** What the wall clock is ahead. */
  readonly clock: string;
}

/** Files for faults; there are none yet. */
export async function newFaults(): Promise<Faults> {
  const stall = await newPath("stall");
  const [error, clock] = [join(dirname(stall), "error"), join(dirname(stall), "clock")];
  await writeFile(clock, clockFile(0));
  return { stall, error, clock };
}

/** The content of the clock's file. */
export function clockFile(aheadMs: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(aheadMs));
  return bytes;
}

let nextPort = 10_000 + (process.pid % 20_000);

/** A port that nobody listens on, and another each time, below those that systems give to others: it stays free while a process is started anew. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort++;
    const server = createServer().listen(port, "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** `recorder-child` under the shims, and all that it ever told; it can be killed and started anew. */
export class RecorderProcess {
  /** Each frame that the camera's stream took, in order. */
  readonly captured: Captured[] = [];
  readonly deeds: Deed[] = [];
  readonly folder: string;
  readonly #port: number;
  readonly #source: string;
  readonly #faults: Faults;
  #child: ChildProcess | undefined;
  #told: Promise<unknown> = Promise.resolve();

  /** @param source - The address of a stream, or "own". */
  constructor(folder: string, port: number, source: string, faults: Faults) {
    this.folder = folder;
    this.#port = port;
    this.#source = source;
    this.#faults = faults;
  }

  /** The camera's stream. */
  get url(): string {
    return `http://127.0.0.1:${this.#port}/camera/mjpeg_stream`;
  }

  /** Resolves once a recording is open. */
  async start(): Promise<void> {
    const { stall, error, clock } = this.#faults;
    const program = packagePath("dist", "test", "system", "recorder-child.js");
    const args = [program, this.folder, String(this.#port), this.#source];
    const child = spawn(process.execPath, args, {
      stdio: ["pipe", "pipe", "inherit"],
      env: {
        ...process.env,
        UV_USE_IO_URING: "0",
        LD_PRELOAD: `${await shim("disk-shim")}:${await shim("clock-shim")}`,
        DISK_FOLDER: `${this.folder}/`,
        DISK_STALL: stall,
        DISK_ERROR: error,
        CLOCK_OFFSET: clock,
      },
    });
    this.#child = child;
    const before = this.deeds.length;
    await new Promise<void>((resolve, reject) => {
      this.#told = this.#listen(child, () => {
        if (this.deeds.slice(before).some(({ opened }) => opened)) resolve();
      });
      child.once("close", () => reject(new Error("The recorder did not come up.")));
    });
  }

  say(word: "new run" | "block" | "little room"): void {
    this.#child?.stdin?.write(`${word}\n`);
  }

  /** Frames that viewers may have though nobody was told of them: a process that is killed may have sent one more than it told of. */
  get untold(): ReadonlySet<string> {
    const { captured, deeds } = this;
    const kills = deeds.filter(({ ended, after }) => ended === "killed" && after > 0);
    const last = kills.map(({ after }) => captured[after - 1]!);
    return new Set(last.map(({ run, index }) => `${run}/${index + 1}`));
  }

  /** As a crash: at once, and without a word. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#told;
    this.deeds.push({ after: this.captured.length, ended: "killed" });
  }

  /** As it should end. */
  async stop(): Promise<void> {
    const child = this.#child!;
    const closed = once(child, "close");
    child.stdin!.write("stop\n");
    const [code] = await closed;
    await this.#told;
    if (code !== 0) throw new Error(`The recorder ended with ${code}.`);
  }

  async #listen(child: ChildProcess, onLine: () => void): Promise<void> {
    for await (const text of createInterface(child.stdout!)) {
      const line: Deed & { frame?: Captured } = JSON.parse(text);
      if (line.frame) this.captured.push(line.frame);
      else this.deeds.push({ ...line, after: this.captured.length });
      onLine();
    }
  }
}
