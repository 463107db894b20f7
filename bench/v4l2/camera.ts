import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay } from "../../src/base/abort.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { childrenOf } from "../../test/vm/processes.ts";
import { frameFile } from "../frames.ts";
import { measure, type Sample } from "../load.ts";
import { program, runToEnd, start, whatIsMissing } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { RUN_IN_VIEWERS } from "../run-in.ts";
import { freePort, LOAD_CORE, SERVER_CORE, type Server, untilItListens } from "../servers.ts";

/** A webcam that makes JPEGs. */
interface Webcam {
  readonly size: string;
  readonly frameBytes: number;
}

const RATE = 30;
const VGA: Webcam = { size: "640x480", frameBytes: 50_000 };
const FULL_HD: Webcam = { size: "1920x1080", frameBytes: 300_000 };
const SECONDS: Record<Length, number> = { smoke: 0.5, short: 4, full: 10 };
/** Frames that run ours in, FAST_FPS a second at most: V8 has compiled the frame path then, as on a server that runs for an hour. */
const RUN_IN_FRAMES: Record<Length, number> = { smoke: 500, short: 15_000, full: 15_000 };
const FAST_FPS = 2500; // of camera-shim.c

/** What a frame costs from the driver's buffer to the parts that are sent, in all processes of the server. */
export const CAMERA_ROWS: readonly Row[] = Object.entries({ C1: VGA, C2: FULL_HD }).flatMap(
  ([id, webcam]) =>
    [1, 3, 10].map(
      (viewers): Row => ({
        ...{ id: `${id}-${viewers}`, group: "v4l2", kinds: ["ours", "ustreamer"] },
        title: `a webcam's MJPEG of ${webcam.size}, ${webcam.frameBytes / 1000} kB, 30 fps, ${viewers} viewer${viewers > 1 ? "s" : ""}`,
        steadyFigure: "cpu_us_per_frame",
        isInSmoke: id === "C1" && viewers === 1,
        measure: (kind, length) => measureCamera(kind, webcam, viewers, length),
      }),
    ),
);

async function measureCamera(
  kind: KindName,
  webcam: Webcam,
  viewers: number,
  length: Length,
): Promise<Sample> {
  const folder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  try {
    const server = await (kind === "ours"
      ? ours(webcam, folder, RUN_IN_FRAMES[length])
      : ustreamer(webcam));
    try {
      const sample = await measure(server, { viewers, warmUpSeconds: 1, seconds: SECONDS[length] });
      const [helper] = server.helpers ?? [];
      return {
        ...sample,
        camera_us: (sample.cpu! * 1e6) / ((sample.fps! / viewers) * sample.seconds!),
        ...(helper && { program_kb: ownKb(helper) }),
      };
    } finally {
      await server.stop();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The command of an installed package, with a configuration of one camera. */
async function ours(webcam: Webcam, folder: string, runInFrames: number): Promise<Server> {
  const device = join(folder, "video");
  writeFileSync(device, "");
  const camera = packagePath("native", "v4l2-camera", "build", "Release", "v4l2-camera");
  const feed = { ...(await feedOf(webcam)), FEED_DEVICE: device, FEED_FAST: `${runInFrames}` };
  const words = Object.entries(feed).map(([name, value]) => `${name}=${value}`);
  const kwargs = { device, program: ["env", ...words, camera] };
  const config = { things: { camera: { class: "thingscope/things:V4L2Camera", kwargs } } };
  const file = join(folder, "bench.json");
  writeFileSync(file, JSON.stringify(config));
  const port = await freePort();
  const main = packagePath("dist", "bundle", "src", "cli", "main.js");
  const command = [process.execPath, main, "serve", file, "--port", `${port}`];
  const running = start(SERVER_CORE, command);
  await untilItListens(running, port);
  const url = `http://127.0.0.1:${port}/camera/mjpeg_stream`;
  const runIn = ["-n", String(RUN_IN_VIEWERS), "-w", "0", "-d", `${runInFrames / FAST_FPS + 2}`];
  await runToEnd(LOAD_CORE, [program("mjpeg-load"), ...runIn, url]);
  await delay(200);
  const helpers = childrenOf(running.pid);
  return { url, raw: false, pid: running.pid, helpers, stop: running.stop };
}

/** Its author's way for a camera that makes JPEGs: they are passed on as they are. */
async function ustreamer(webcam: Webcam): Promise<Server> {
  const missing = whatIsMissing("ustreamer");
  if (missing) throw new Error(missing);
  const port = await freePort();
  const running = start(
    SERVER_CORE,
    [
      ...["ustreamer", "--device=/dev/video0", `--port=${port}`, "--format=MJPEG", "--encoder=HW"],
      ...[`--resolution=${webcam.size}`, `--desired-fps=${RATE}`, "--tcp-nodelay"],
    ],
    await feedOf(webcam),
  );
  await untilItListens(running, port);
  const url = `http://127.0.0.1:${port}/stream`;
  return { url, raw: false, pid: running.pid, stop: running.stop };
}

async function feedOf({ size, frameBytes }: Webcam): Promise<Record<string, string>> {
  const [width, height] = size.split("x").map(Number);
  return {
    LD_PRELOAD: program("camera-shim.so"),
    FEED_FILE: await frameFile(frameBytes, width, height),
    FEED_FPS: String(RATE),
    FEED_SIZE: size,
  };
}

/** What a process has resident beside shared memory, which the buffers of camera-shim.c are, kB. */
function ownKb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0);
  return of("RssAnon") + of("RssFile");
}
