// What a frame costs from the driver's buffer to the parts that are sent, ours beside ustreamer on the same webcam: `npm run bench:vm`.
// It runs in the test machine (docs/internals/test-machine.md).
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { childrenOf } from "../../test/vm/processes.ts";

const { THINGSCOPE_BENCH_SECONDS: seconds = "15", THINGSCOPE_BENCH_ROUNDS: rounds = "2" } =
  process.env;
const MEASURED_MS = Number(seconds) * 1000;
const WARM_MS = 8000;
const LIMIT_MS = 60_000;
const [WIDTH, HEIGHT, RATE] = [640, 480, 15];

interface Server {
  readonly name: string;
  /** Arguments that make it serve `node` on `port`. */
  readonly command: (node: string, port: number) => readonly [program: string, ...string[]];
  readonly path: string;
}

interface Figure {
  readonly server: string;
  readonly viewers: number;
  /** Of processor time for each frame that the first viewer got, ms. */
  readonly cpuMs: number;
  readonly frames: number;
}

const OURS: Server = {
  name: "thingscope",
  command: (node, port) => [process.execPath, main(), "serve", config(node), "--port", `${port}`],
  path: "/camera/mjpeg_stream",
};

/** Its author's way for a camera that makes JPEGs: they are passed on as they are. */
const USTREAMER: Server = {
  name: "ustreamer",
  command: (node, port) => [
    ...(["ustreamer", `--device=${node}`, `--port=${port}`] as const),
    ...["--format=MJPEG", "--encoder=HW", `--resolution=${WIDTH}x${HEIGHT}`],
    ...[`--desired-fps=${RATE}`, "--log-level=0"],
  ],
  path: "/stream",
};

const webcam = child("webcam-child.js");
const [node]: string[] = await once(createInterface({ input: webcam.stdout! }), "line", limit());
const figures: Figure[] = [];
try {
  for (let round = 0; round < Number(rounds); round++) {
    for (const viewers of [1, 3]) {
      // In turn, and each goes first once.
      const servers = round % 2 === 0 ? [OURS, USTREAMER] : [USTREAMER, OURS];
      for (const server of servers) figures.push(tell(await measured(server, node!, viewers)));
    }
  }
} finally {
  webcam.kill("SIGKILL");
}
console.log("| viewers | thingscope, ms/frame | ustreamer, ms/frame | ratio |\n|---|---|---|---|");
for (const viewers of [1, 3]) {
  const [ours, theirs] = [OURS, USTREAMER].map(({ name }) => mean(name, viewers));
  console.log(
    `| ${viewers} | ${ours!.toFixed(2)} | ${theirs!.toFixed(2)} | ${(ours! / theirs!).toFixed(2)} |`,
  );
}
process.exit(0);

async function measured(server: Server, node: string, viewers: number): Promise<Figure> {
  const port = await freePort();
  const [program, ...args] = server.command(node, port);
  const running = spawn(program, args, { stdio: "ignore" });
  try {
    const url = `http://127.0.0.1:${port}${server.path}`;
    await answering(url);
    const watching = child("viewers-child.js", url, String(viewers));
    try {
      const counts = createInterface({ input: watching.stdout! });
      const count = async () => {
        watching.stdin!.write("\n");
        const [line] = await once(counts, "line", limit());
        return Number(line);
      };
      await sleep(WARM_MS);
      const before = { frames: await count(), cpuMs: cpuMs(running.pid!) };
      await sleep(MEASURED_MS);
      const after = { frames: await count(), cpuMs: cpuMs(running.pid!) };
      const frames = after.frames - before.frames;
      const used = after.cpuMs - before.cpuMs;
      return { server: server.name, viewers, cpuMs: used / frames, frames };
    } finally {
      watching.kill("SIGKILL");
    }
  } finally {
    running.kill("SIGTERM");
    await once(running, "close", limit());
  }
}

/** Processor time of a program and of those that it has started, of all their threads. */
function cpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]),
  );
  const own = ns.reduce((sum, one) => sum + one, 0) / 1e6;
  return childrenOf(pid).reduce((sum, one) => sum + cpuMs(one), own);
}

async function answering(url: string): Promise<void> {
  const { signal } = limit();
  for (;;) {
    const end = new AbortController();
    const isThere = await fetch(url, { signal: end.signal }).then(
      ({ ok }) => ok,
      () => false,
    );
    end.abort();
    if (isThere) return;
    await sleep(200, undefined, { signal });
  }
}

function child(script: string, ...args: string[]): ChildProcess {
  const file = packagePath("dist", "bench", "vm", script);
  return spawn(process.execPath, [file, ...args], { stdio: ["pipe", "pipe", "inherit"] });
}

function config(node: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "thingscope-bench-")), "bench.yaml");
  const mode = `{format: MJPG, width: ${WIDTH}, height: ${HEIGHT}, rate: ${RATE}}`;
  const entry = `{class: "thingscope/things:V4L2Camera", kwargs: {device: ${node}, mode: ${mode}}}`;
  writeFileSync(file, `things:\n  camera: ${entry}\n`);
  return file;
}

function main(): string {
  return packagePath("dist", "bundle", "src", "cli", "main.js");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("No port is free.");
  return address.port;
}

function tell(figure: Figure): Figure {
  const { server, viewers, cpuMs, frames } = figure;
  console.log(`${server}, ${viewers} viewers: ${cpuMs.toFixed(2)} ms/frame, ${frames} frames`);
  return figure;
}

function mean(server: string, viewers: number): number {
  const own = figures.filter((one) => one.server === server && one.viewers === viewers);
  return own.reduce((sum, { cpuMs }) => sum + cpuMs, 0) / own.length;
}

function limit() {
  return { signal: AbortSignal.timeout(LIMIT_MS) };
}
