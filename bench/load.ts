import { execFile } from "node:child_process";
import { delay } from "../src/base/abort.ts";
import { program, residentKb } from "./programs.ts";
import { LOAD_CORE, type Server } from "./servers.ts";

/** Who watches, and for how long. */
export interface Load {
  readonly viewers: number;
  /** How many of them are slow. */
  readonly slow?: number;
  /** kB/s that a slow one reads; 0: it never reads. */
  readonly slowKbps?: number;
  /** SO_RCVBUF of a slow one. */
  readonly slowReceiveBytes?: number;
  readonly warmUpSeconds: number;
  readonly seconds: number;
}

/** What `mjpeg-load -j` prints, by name, and how much memory the server gained. Times in µs. */
export type Sample = Readonly<Record<string, number>>;

/** Puts a load on a server. Throws when viewers got nothing or were thrown out. */
export async function measure(server: Server, load: Load): Promise<Sample> {
  const [sample, gained] = await Promise.all([runLoad(server, load), memoryGained(server, load)]);
  const { starved = 0, closed = 0, bad = 0 } = sample;
  if (starved + closed + bad > 0) {
    throw new Error(`${starved} viewers got nothing, ${closed} were thrown out, ${bad} bad frames`);
  }
  const { load_cpu = 0, seconds = load.seconds } = sample;
  return { ...sample, rss_gained_kb: gained, load_busy: load_cpu / seconds };
}

function runLoad(server: Server, load: Load): Promise<Sample> {
  const flags = {
    n: load.viewers,
    s: load.slow ?? 0,
    r: load.slowKbps ?? 0,
    b: load.slowReceiveBytes ?? 0,
    w: load.warmUpSeconds,
    d: load.seconds,
    p: [server.pid, ...(server.helpers ?? [])].join(","),
  };
  const options = Object.entries(flags).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const command = [String(LOAD_CORE), program("mjpeg-load"), "-j", ...options];
  // GStreamer lets few connections wait at once: all in one moment would come in after seconds.
  if (server.raw) command.push("-T", "-A", "3");
  const timeout = (load.warmUpSeconds + load.seconds + 15) * 1000;
  return new Promise((resolve, reject) => {
    execFile(
      "taskset",
      ["--cpu-list", ...command, server.url],
      { timeout },
      (error, stdout, stderr) => {
        if (!stdout.trim()) {
          const late = `The load did not end within ${timeout / 1000} s.`;
          return reject(new Error(stderr.trim() || (error?.killed ? late : String(error))));
        }
        resolve(numbersOf(JSON.parse(stdout)));
      },
    );
  });
}

function numbersOf(printed: object): Sample {
  const numbers = Object.entries(printed).filter(([, value]) => typeof value === "number");
  return Object.fromEntries(numbers);
}

/** kB of resident memory from 2 s after the load began until shortly before its end. */
async function memoryGained(server: Server, load: Load): Promise<number> {
  const total = (load.warmUpSeconds + load.seconds) * 1000;
  const first = Math.min(2000, total / 2);
  await delay(first);
  const before = residentKb(server.pid);
  await delay(total - first - 100);
  return residentKb(server.pid) - before;
}
