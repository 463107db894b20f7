import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { packagePath } from "../../src/base/package-root.ts";
import { measure, type Sample } from "../load.ts";
import { BUILD_FOLDER, program, runToEnd, start } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { SERVER_CORE, untilItPrints } from "../servers.ts";
import { FRAME_BYTES, filmFile } from "./film.ts";

const CAMERAS = 4;
const FPS = 30;
const FRAMES: Record<Length, number> = { smoke: 30, short: 1000, full: 1000 };
const SECONDS: Record<Length, number> = { smoke: 1, short: 6, full: 20 };

const COMMON = { group: "recordings", steadyFigure: "cpu_per_gb", isInSmoke: true } as const;

export const RECORDING_ROWS: readonly Row[] = [
  {
    ...COMMON,
    ...{ id: "R1", title: `${CAMERAS} cameras are recorded, 10 viewers watch each` },
    kinds: ["ours"],
    measure: (kind, length, minutes) => measureRecording(10, kind, length, minutes),
  },
  {
    ...COMMON,
    ...{ id: "R2", title: `${CAMERAS} cameras are recorded, nobody watches` },
    kinds: ["limit", "ours"],
    measure: (kind, length, minutes) => measureRecording(0, kind, length, minutes),
  },
];

/** Records for a while, in a folder that is removed. @param minutes - Longer than the length says. */
async function measureRecording(
  viewersEach: number,
  kind: KindName,
  length: Length,
  minutes?: number,
): Promise<Sample> {
  const film = await filmFile(FRAMES[length]);
  const folder = await mkdtemp(join(BUILD_FOLDER, "recordings-"));
  const seconds = minutes ? minutes * 60 : SECONDS[length];
  const rest = [film, FRAME_BYTES, folder, CAMERAS, FPS, seconds].map(String);
  const patienceMs = (2 * seconds + 60) * 1000;
  try {
    if (kind === "ours") return await ours(rest, viewersEach, seconds, patienceMs);
    return JSON.parse(await runToEnd(SERVER_CORE, [program("record-limit"), ...rest], patienceMs));
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function ours(
  rest: string[],
  viewers: number,
  seconds: number,
  patienceMs: number,
): Promise<Sample> {
  const script = packagePath("dist", "bench", "recording", "ours.js");
  const isCompared = viewers === 0;
  const options = isCompared ? [...rest, "compared"] : rest;
  const running = start(SERVER_CORE, [process.execPath, script, ...options]);
  try {
    const urls = (await untilItPrints(running, /^(http:\S+( http:\S+)*)$/m)).split(" ");
    const load = { viewers, warmUpSeconds: 0.3, seconds: seconds - 0.5 };
    const server = { raw: false, pid: running.pid, stop: running.stop };
    const watching = isCompared ? [] : urls.map((url) => measure({ ...server, url }, load));
    const told = untilItPrints(running, /^(\{.*\})$/m, patienceMs);
    const [result, ...seen] = await Promise.all([told, ...watching]);
    const skipped = seen.reduce((sum, { skipped: more = 0 }) => sum + more, 0);
    const fps_min = Math.min(...seen.map(({ fps_min: fps = 0 }) => fps));
    return { ...JSON.parse(result), ...(!isCompared && { skipped, fps_min }) };
  } finally {
    await running.stop();
  }
}
