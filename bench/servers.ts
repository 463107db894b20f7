import { connect, createServer } from "node:net";
import { delay } from "../src/base/abort.ts";
import { packagePath } from "../src/base/package-root.ts";
import { program, type Running, runToEnd, start, whatIsMissing } from "./programs.ts";
import { RUN_IN_SECONDS, RUN_IN_VIEWERS } from "./run-in.ts";

/** The core that servers run on. The load and everything else have the other one. */
export const SERVER_CORE = 0;
export const LOAD_CORE = 1;
const START_PATIENCE_MS = 15_000;

/** What a server is to show. */
export interface Job {
  /** Path of the JPEG that it stamps and serves over and over. */
  readonly frame: string;
  /** Frames a second; 0 is as fast as viewers take them. */
  readonly fps: number;
  /** Bytes that may wait unsent in a connection, where a server can be told so. */
  readonly unsentBytes?: number;
  /** For a server that cannot pace itself by its viewers: frames a second it is offered when `fps` is 0. */
  readonly offeredFps: number;
}

export interface Server {
  readonly url: string;
  /** Multipart over bare TCP, without HTTP. */
  readonly raw: boolean;
  /** The process to account for. */
  readonly pid: number;
  /** Processes that it has started, which are accounted for, too. */
  readonly helpers?: readonly number[];
  stop(): Promise<void>;
}

/** A server to measure, and how to start it. */
export interface Kind {
  readonly name: "ours" | "limit" | "ustreamer" | "gstreamer" | "go2rtc";
  readonly program?: string;
  start(job: Job): Promise<Server>;
}

/** Starts this server and lets it run in: a server that has run for minutes has its code compiled. */
export async function startOurs(job: Job, ...options: string[]): Promise<Server> {
  const script = packagePath("dist", "bench", "ours.js");
  const command = [process.execPath, script, job.frame, String(job.fps), ...options];
  const running = start(SERVER_CORE, command);
  const url = await untilItPrints(running, /^(http:\S+)$/m);
  const viewers = ["-n", String(RUN_IN_VIEWERS), "-w", "0", "-d", String(RUN_IN_SECONDS + 0.1)];
  await runToEnd(LOAD_CORE, [program("mjpeg-load"), ...viewers, url]);
  return { url, raw: false, pid: running.pid, stop: running.stop };
}

const ours: Kind = { name: "ours", start: startOurs };

const limit: Kind = {
  name: "limit",
  async start(job) {
    const port = await freePort();
    const command = [program("limit"), String(port), job.frame, String(job.fps)];
    if (job.unsentBytes) command.push(String(job.unsentBytes));
    const running = start(SERVER_CORE, command);
    await untilItListens(running, port);
    return { url: `http://127.0.0.1:${port}/`, raw: false, pid: running.pid, stop: running.stop };
  },
};

const ustreamer: Kind = {
  name: "ustreamer",
  program: "ustreamer",
  async start(job) {
    const port = await freePort();
    const options = "--device /dev/video0 --resolution 640x480 --format MJPEG --encoder HW";
    // Without the rate that is wanted its own timer, of 16 ms, decides when frames go out. It takes no more than 120.
    const rate = `--desired-fps=${Math.min(120, job.fps || job.offeredFps)}`;
    const others = ["--buffers=5", "--tcp-nodelay", rate, `--port=${port}`];
    const running = start(
      SERVER_CORE,
      ["ustreamer", ...options.split(" "), ...others],
      feed("camera-shim.so", job),
    );
    await untilItListens(running, port);
    const url = `http://127.0.0.1:${port}/stream`;
    return { url, raw: false, pid: running.pid, stop: running.stop };
  },
};

const gstreamer: Kind = {
  name: "gstreamer",
  program: "gst-launch-1.0",
  async start(job) {
    const port = await freePort();
    const pipeline = [
      ...["multifilesrc", `location=${job.frame}`, "loop=true", "caps=image/jpeg,framerate=30/1"],
      ...["!", "multipartmux", "boundary=frame"],
      ...["!", "tcpserversink", "host=127.0.0.1", `port=${port}`, "sync=false"],
    ];
    const running = start(
      SERVER_CORE,
      ["gst-launch-1.0", "-q", ...pipeline],
      feed("file-shim.so", job),
    );
    await untilItListens(running, port);
    return { url: `http://127.0.0.1:${port}/`, raw: true, pid: running.pid, stop: running.stop };
  },
};

/** The environment in which a shim makes the job's frames inside a peer. */
function feed(shim: Parameters<typeof program>[0], job: Job): Record<string, string> {
  return {
    LD_PRELOAD: program(shim),
    FEED_FILE: job.frame,
    FEED_FPS: String(job.fps || job.offeredFps),
    FEED_COPY: "1", // as ours, which has its frames from inside, too
  };
}

export const KINDS: readonly Kind[] = [limit, ours, ustreamer, gstreamer];
export const PEERS: readonly Kind["name"][] = ["ustreamer", "gstreamer", "go2rtc"];

/** Starts a server; throws one sentence when its program is missing or it does not come up. */
export async function startServer(kind: Kind, job: Job): Promise<Server> {
  const missing = kind.program && whatIsMissing(kind.program);
  if (missing) throw new Error(missing);
  return kind.start(job);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || !address) throw new Error("There is no free port.");
  return address.port;
}

export async function untilItListens(running: Running, port: number): Promise<void> {
  await until(running, () => accepts(port));
}

export async function untilItPrints(
  running: Running,
  pattern: RegExp,
  patienceMs?: number,
): Promise<string> {
  await until(running, async () => pattern.test(running.output()), patienceMs);
  return pattern.exec(running.output())?.[1] ?? "";
}

async function until(
  running: Running,
  isReady: () => Promise<boolean>,
  patienceMs = START_PATIENCE_MS,
): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!(await isReady())) {
    if (running.ended || performance.now() > deadline) {
      await running.stop();
      throw new Error(`It did not start. It says: ${running.output().trim().slice(-600)}`);
    }
    await delay(20);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
