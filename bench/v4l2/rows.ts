import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { promisify } from "node:util";
import { nativeProgram } from "../../src/base/native.ts";
import { receivePipe } from "../../src/processes/receive-pipe.ts";
import { V4l2MessageReader } from "../../src/sources/v4l2/message-reader.ts";
import type { Sample } from "../load.ts";
import { cpuSeconds, whatIsMissing } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { asPpm, benchPicture, FORMATS } from "./pictures.ts";

const run = promisify(execFile);
const QUALITY = "85";
const SIZES = { J1: [640, 480], J2: [1640, 1232], J3: [4056, 3040] } as const;
/** More often than cameras do, so that a few seconds give a figure. */
const RATE = 200;
const BYTES = 100_000;
const SECONDS: Record<Length, number> = { smoke: 0.2, short: 1, full: 3 };

export const V4L2_ROWS: readonly Row[] = [
  ...Object.entries(SIZES).map(
    ([id, [width, height]]): Row => ({
      ...{ id, group: "v4l2", kinds: ["ours", "limit"], steadyFigure: "RGB3_ms" },
      title: `a ${width}x${height} picture of each raw format is encoded; the limit is tjbench`,
      isInSmoke: id === "J1",
      measure: (kind, length) => encoded(kind, width, height, SECONDS[length]),
    }),
  ),
  {
    ...{ id: "V1", group: "v4l2", kinds: ["ours", "limit"], steadyFigure: "cpu_us_per_request" },
    title: "frames of 100 kB from the V4L2 program's pipe into memory; the limit copies in process",
    isInSmoke: true,
    measure: (kind, length) => (kind === "ours" ? piped : copied)(3 * SECONDS[length]),
  },
];

function program(): string {
  const path = nativeProgram("v4l2-camera");
  if (!path) throw new Error("The V4L2 program is not built: npm run build:native");
  return path;
}

/** Milliseconds of CPU for a picture, by format. */
async function encoded(
  kind: KindName,
  width: number,
  height: number,
  seconds: number,
): Promise<Sample> {
  const picture = benchPicture(width, height);
  const figures: Record<string, number> = {};
  const folder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  try {
    writeFileSync(join(folder, "picture.ppm"), asPpm(picture));
    const peers = new Map<string, number>();
    for (const { fourcc, peer, pixels } of FORMATS) {
      if (kind === "ours") {
        figures[`${fourcc}_ms`] = await ours(
          fourcc,
          `${width}x${height}`,
          pixels(picture),
          seconds,
        );
      } else {
        const known =
          peers.get(peer) ?? (await tjbench(join(folder, "picture.ppm"), peer, seconds));
        peers.set(peer, known);
        figures[`${fourcc}_ms`] = known;
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return figures;
}

async function ours(
  fourcc: string,
  size: string,
  pixels: Uint8Array,
  seconds: number,
): Promise<number> {
  const options = ["--quality", QUALITY, "--seconds", String(Math.max(0.1, seconds))];
  const child = spawn(program(), ["encode-test", fourcc, size, ...options], {
    stdio: ["pipe", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.on("data", (chunk: Buffer) => {
    told += chunk.toString();
  });
  child.stdin.on("error", () => {});
  child.stdin.end(pixels);
  await once(child, "close");
  return Number((JSON.parse(told) as { cpu_ms: number }).cpu_ms);
}

/**
 * tjbench encodes RGB, whatever its JPEG's subsampling. It tells its speed by the clock, which is how often it encoded; bash tells
 * its CPU, in which it has also read the picture.
 */
async function tjbench(file: string, subsampling: string, seconds: number): Promise<number> {
  const missing = whatIsMissing("tjbench");
  if (missing) throw new Error(missing);
  const options = [
    "-quiet",
    "-componly",
    "-nowrite",
    "-warmup",
    "0",
    "-benchtime",
    String(seconds),
  ];
  const command = ["tjbench", file, QUALITY, "-rgb", ...options, "-subsamp", subsampling];
  const { stdout } = await run("bash", ["-c", '"$@"; times', "bash", ...command]);
  const [, width, height, speed] = /(\d+)\s+(\d+)\s+([\d.]+)\s+[\d.]+\s+N\/A/.exec(stdout) ?? [];
  const [user, system] = [...stdout.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, rest]) => Number(minutes) * 60 + Number(rest))
    .slice(-2);
  const pictures = Math.ceil((Number(speed) * 1e6 * seconds) / (Number(width) * Number(height)));
  if (!(pictures > 0)) throw new Error(`tjbench printed no speed: ${stdout.slice(0, 200)}`);
  return ((user! + system!) * 1000) / pictures;
}

async function piped(seconds: number): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const file = join(folder, "frame");
  writeFileSync(file, new Uint8Array(BYTES));
  const child = spawn(program(), ["play", file, "--rate", String(RATE)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const memory = new Uint8Array(BYTES);
  let frames = 0;
  const reader = new V4l2MessageReader({
    message: () => {},
    memoryFor: () => memory,
    frame: () => {
      frames++;
    },
  });
  receivePipe(child.stdout, reader, () => child.kill("SIGKILL"));
  try {
    await after(500);
    const [before, childBefore, framesBefore] = [process.cpuUsage(), cpuUs(child.pid!), frames];
    await after(seconds * 1000);
    const { user, system } = process.cpuUsage(before);
    const count = frames - framesBefore;
    const childUs = cpuUs(child.pid!) - childBefore;
    return {
      cpu_us_per_request: (user + system + childUs) / count,
      reader_us_per_frame: (user + system) / count,
      fps: count / seconds,
    };
  } finally {
    child.stdin.end();
    await once(child, "close");
    rmSync(folder, { recursive: true, force: true });
  }
}

function cpuUs(pid: number): number {
  return cpuSeconds(pid) * 1e6;
}

/** What an addon would do at best: one copy from the driver's memory, in the server's own process. */
async function copied(seconds: number): Promise<Sample> {
  const [driver, memory] = [new Uint8Array(BYTES), new Uint8Array(BYTES)];
  const before = process.cpuUsage();
  const began = performance.now();
  let frames = 0;
  while (performance.now() - began < seconds * 1000) {
    await after(Math.max(1, began + ((frames + 1) * 1000) / RATE - performance.now()));
    driver[frames % BYTES] = frames;
    memory.set(driver);
    frames++;
  }
  const { user, system } = process.cpuUsage(before);
  return {
    cpu_us_per_request: (user + system) / frames,
    fps: (frames * 1000) / (performance.now() - began),
  };
}
