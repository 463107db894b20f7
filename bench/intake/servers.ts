import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../src/base/package-root.ts";
import type { Framing } from "../../src/frames.ts";
import { program, type Running, runToEnd, start, whatIsMissing } from "../programs.ts";
import { RUN_IN_SECONDS, RUN_IN_VIEWERS } from "../run-in.ts";
import {
  freePort,
  LOAD_CORE,
  SERVER_CORE,
  type Server,
  untilItListens,
  untilItPrints,
} from "../servers.ts";
import type { CameraJob, Input } from "./ours.ts";

/** What is taken in: frames of this file, by HTTP or from a program in one of the framings. */
export interface Intake {
  readonly frame: string;
  readonly by: "http" | Framing;
  readonly fps: number;
  readonly cameras: number;
}

/** What takes it in, one address for each camera; `stop` ends all that was started for it. */
export interface Taking extends Omit<Server, "url"> {
  readonly urls: readonly string[];
}

/** Ours. @param isWarm - Whether it first takes frames as fast as they come, until its code is compiled. */
export async function takeWithOurs(intake: Intake, isWarm: boolean): Promise<Taking> {
  const upstream = new Upstream();
  try {
    const jobs: CameraJob[] = [];
    for (let n = 0; n < intake.cameras; n++) {
      const steady = await upstream.input(intake, intake.fps);
      const fast = isWarm ? await upstream.input(intake, 0) : undefined;
      jobs.push({ steady, ...(fast && { fast }) });
    }
    const script = packagePath("dist", "bench", "intake", "ours.js");
    const running = upstream.add(
      start(SERVER_CORE, [process.execPath, script, JSON.stringify(jobs)]),
    );
    if (isWarm) await runIn(await untilItPrints(running, /^warm: (http:\S+)$/m));
    const urls = (await untilItPrints(running, /^(http:\S+( http:\S+)*)$/m)).split(" ");
    return { urls, raw: false, pid: running.pid, stop: () => upstream.stop() };
  } catch (error) {
    await upstream.stop();
    throw error;
  }
}

/** go2rtc, which takes frames by HTTP. */
export async function takeWithGo2rtc(intake: Intake): Promise<Taking> {
  const upstream = new Upstream();
  try {
    const streams: string[] = [];
    for (let n = 0; n < intake.cameras; n++) {
      const input = await upstream.input(intake, intake.fps);
      if (!("url" in input)) throw new Error("go2rtc is measured with frames by HTTP.");
      streams.push(`  camera${n}: ${input.url}`);
    }
    const port = await freePort();
    const folder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
    const config = join(folder, "go2rtc.yaml");
    const off = ["rtsp", "webrtc", "srtp"].map((part) => `${part}: {listen: ""}`);
    const lines = [`api: {listen: "127.0.0.1:${port}"}`, ...off, "streams:", ...streams];
    writeFileSync(config, `${lines.join("\n")}\n`);
    const running = upstream.add(start(SERVER_CORE, ["go2rtc", "-config", config]));
    await untilItListens(running, port);
    rmSync(folder, { recursive: true });
    const address = `http://127.0.0.1:${port}/api/stream.mjpeg?src=camera`;
    const urls = streams.map((_, n) => `${address}${n}`);
    return { urls, raw: false, pid: running.pid, stop: () => upstream.stop() };
  } catch (error) {
    await upstream.stop();
    throw error;
  }
}

const DEMUX: Record<Intake["by"], string> = {
  http: "multipartdemux boundary=frame",
  multipart: "multipartdemux boundary=frame",
  gdp: "gdpdepay",
  jpeg: "jpegparse",
};

/** GStreamer, in one process for each camera; it is measured with one. It speaks no HTTP to its viewers. */
export async function takeWithGstreamer(intake: Intake): Promise<Taking> {
  const missing = whatIsMissing("gst-launch-1.0");
  if (missing) throw new Error(missing);
  const upstream = new Upstream();
  try {
    const input = await upstream.input(intake, intake.fps);
    const port = await freePort();
    const source = "url" in input ? `souphttpsrc location=${input.url} is-live=true` : "fdsrc fd=0";
    const sink = `multipartmux boundary=frame ! tcpserversink host=127.0.0.1 port=${port} sync=false`;
    const launch = `gst-launch-1.0 -q ${source} ! ${DEMUX[intake.by]} ! ${sink}`;
    const feed = "words" in input ? ` < <(exec ${input.words.join(" ")})` : "";
    const running = upstream.add(start(SERVER_CORE, ["bash", "-c", `exec ${launch}${feed}`]));
    await untilItListens(running, port);
    const urls = [`http://127.0.0.1:${port}/`];
    return { urls, raw: true, pid: running.pid, stop: () => upstream.stop() };
  } catch (error) {
    await upstream.stop();
    throw error;
  }
}

/** Where the frames come from, on the load's core; and all that is to be ended. */
class Upstream {
  readonly #running: Running[] = [];

  add(running: Running): Running {
    this.#running.unshift(running); // who reads is ended before what it reads
    return running;
  }

  async input({ frame, by }: Intake, fps: number): Promise<Input> {
    if (by !== "http") {
      const script = packagePath("dist", "bench", "intake", "camera.js");
      const camera = [process.execPath, script, by, frame, String(fps)];
      const taskset = ["/usr/bin/taskset", "--cpu-list", String(LOAD_CORE)];
      return { words: [...taskset, ...camera], framing: by };
    }
    const port = await freePort();
    const running = start(LOAD_CORE, [program("limit"), String(port), frame, String(fps)]);
    this.#running.push(running);
    await untilItListens(running, port);
    return { url: `http://127.0.0.1:${port}/` };
  }

  async stop(): Promise<void> {
    for (const running of this.#running) await running.stop();
  }
}

async function runIn(url: string): Promise<void> {
  const viewers = ["-n", String(RUN_IN_VIEWERS), "-w", "0", "-d", String(RUN_IN_SECONDS - 0.3)];
  await runToEnd(LOAD_CORE, [program("mjpeg-load"), ...viewers, url]);
}
