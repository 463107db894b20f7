import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { delay } from "../../src/base/abort.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { GdpParser } from "../../src/frames/wire/gdp.ts";
import { frameFile } from "../frames.ts";
import type { Sample } from "../load.ts";
import { cpuSeconds, program, type Running, residentKb, start } from "../programs.ts";
import type { Length, Row } from "../row.ts";
import { LOAD_CORE, SERVER_CORE, untilItPrints } from "../servers.ts";

const FRAME_BYTES = 200_000;
const FPS = 60;
const LATENCY_MS = 200;
const SECONDS: Record<Length, number> = { smoke: 1, short: 8, full: 20 };

export const THORVISION_ROWS: readonly Row[] = [
  {
    ...{ id: "W1", group: "thorvision", kinds: ["limit", "ours"], steadyFigure: "cpu_per_gb" },
    isInSmoke: true,
    title: `SRT: ${FPS} fps of ${FRAME_BYTES / 1000} kB to one receiver; the limit is gst-launch alone`,
    measure: (kind, length) => measure(kind === "ours" ? ours : bare, SECONDS[length]),
  },
];

/** What sends, and the processes that it takes. */
interface Sender {
  readonly running: Running;
  readonly pids: readonly number[];
}

async function measure(begin: (port: number) => Promise<Sender>, seconds: number): Promise<Sample> {
  const port = await freePort();
  const { running, pids } = await begin(port);
  const receiver = receive(port);
  try {
    while (receiver.frames() === 0) await delay(10);
    await delay(500);
    const cpu = () => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const [frames, used, began] = [receiver.frames(), cpu(), performance.now()];
    await delay(seconds * 1000);
    const received = receiver.frames() - frames;
    const took = (performance.now() - began) / 1000;
    const gigabytes = (received * FRAME_BYTES) / 1e9;
    return {
      cpu_per_gb: (cpu() - used) / gigabytes,
      mbps: (received * FRAME_BYTES) / 1e6 / took,
      fps_min: received / took,
      rss_kb: pids.reduce((sum, pid) => sum + residentKb(pid), 0),
    };
  } finally {
    receiver.stop();
    await running.stop();
  }
}

async function ours(port: number): Promise<Sender> {
  const script = packagePath("dist", "bench", "thorvision", "ours.js");
  const words = [script, await frameFile(FRAME_BYTES), String(FPS), String(port)];
  const running = start(SERVER_CORE, [process.execPath, ...words]);
  const child = await untilItPrints(running, /^srt:\S+ (\d+)$/m);
  return { running, pids: [running.pid, Number(child)] };
}

/** The same frames by GStreamer alone, which reads them from a file again and again; a shim paces and stamps them. */
async function bare(port: number): Promise<Sender> {
  const frame = await frameFile(FRAME_BYTES);
  const words = [
    ...["gst-launch-1.0", "-q", "multifilesrc", `location=${frame}`, "loop=true"],
    ...[`caps=image/jpeg,framerate=${FPS}/1`, "!", "srtsink", "sync=false", "async=false"],
    ...[`uri=srt://127.0.0.1:${port}?mode=listener`, "wait-for-connection=false"],
  ];
  const shim = { LD_PRELOAD: program("file-shim.so"), FEED_FILE: frame, FEED_FPS: String(FPS) };
  const running = start(SERVER_CORE, words, shim);
  await delay(1000);
  return { running, pids: [running.pid] };
}

/** Counts whole frames. */
function receive(port: number): { frames(): number; stop(): void } {
  const pipeline = `srtclientsrc uri=srt://127.0.0.1:${port} latency=${LATENCY_MS} ! queue ! jpegparse ! gdppay ! fdsink fd=1`;
  const words = ["--cpu-list", String(LOAD_CORE), "gst-launch-1.0", "-q", ...pipeline.split(" ")];
  const child = spawn("taskset", words, { stdio: ["ignore", "pipe", "ignore"] });
  const parser = new GdpParser();
  let count = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    count += parser.push(chunk).length;
  });
  return { frames: () => count, stop: () => void child.kill("SIGKILL") };
}

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}
