import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packagePath } from "../../src/base/package-root.ts";
import { program, runToEnd, start } from "../programs.ts";
import { RUN_IN_SECONDS, RUN_IN_VIEWERS } from "../run-in.ts";
import {
  freePort,
  LOAD_CORE,
  SERVER_CORE,
  type Server,
  untilItListens,
  untilItPrints,
} from "../servers.ts";

/** Of the command, which imports less than all of the package. */
const MAIN = packagePath("dist", "src", "cli", "main.js");
const MOST_VIEWERS = 2000;

/** `thingscope mirror` of a camera that runs on the load's core, run in as ours is. */
export async function startMirror(frame: string, fps: number): Promise<Server> {
  const camera = [packagePath("dist", "bench", "ours.js"), frame, String(fps), "--until-told"];
  const origin = start(LOAD_CORE, [process.execPath, ...camera]);
  const settings = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const stops = [origin.stop, async () => rmSync(settings, { recursive: true, force: true })];
  const stop = async () => {
    for (const end of stops) await end();
  };
  try {
    const stream = new URL(await untilItPrints(origin, /^(http:\S+)$/m));
    const port = await freePort();
    const options = [`--port=${port}`, `--settings=${settings}`, `--viewers=${MOST_VIEWERS}`];
    const mirror = start(SERVER_CORE, [
      process.execPath,
      MAIN,
      "mirror",
      stream.origin,
      ...options,
    ]);
    stops.unshift(mirror.stop);
    await untilItListens(mirror, port);
    const url = `http://127.0.0.1:${port}${stream.pathname}`;
    await untilItPrints(mirror, /("msg":"open http)/);
    const viewers = ["-n", String(RUN_IN_VIEWERS), "-w", "0", "-d", String(RUN_IN_SECONDS)];
    await runToEnd(LOAD_CORE, [program("mjpeg-load"), ...viewers, url]);
    process.kill(origin.pid, "SIGUSR2");
    return { url, raw: false, pid: mirror.pid, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
