import { frameFile } from "../frames.ts";
import { GO2RTC } from "../intake/rows.ts";
import { takeWithGo2rtc } from "../intake/servers.ts";
import { measure, type Sample } from "../load.ts";
import type { KindName, Length, Row } from "../row.ts";
import { type Server, startOurs } from "../servers.ts";
import { startMirror } from "./servers.ts";

const FRAME_BYTES = 100_000;
const SECONDS: Record<Length, number> = { smoke: 0.5, short: 3, full: 10 };
/** Frames a second for so many viewers: two cores carry that, and the load with them. */
const FPS: Readonly<Record<number, number>> = { 10: 30, 100: 30, 1000: 5 };

/** L1: what a mirror's viewers cost beside those of the camera itself. */
export const MIRROR_ROWS: readonly Row[] = [10, 100, 1000].map((viewers) => ({
  ...{ id: `L1-${viewers}`, group: "mirrors", steadyFigure: "cpu_per_gb" },
  title: `a mirror shows ${FPS[viewers]} fps of 100 kB to ${viewers} viewers`,
  isInSmoke: viewers === 10,
  kinds: ["ours", "direct", ...GO2RTC],
  measure: (kind, length) => measureMirror(kind, viewers, length),
}));

async function measureMirror(kind: KindName, viewers: number, length: Length): Promise<Sample> {
  const server = await startKind(kind, await frameFile(FRAME_BYTES), FPS[viewers] ?? 30);
  try {
    const warmUpSeconds = { 10: 1, 100: 4 }[viewers] ?? 15; // until all are connected
    return await measure(server, { viewers, warmUpSeconds, seconds: SECONDS[length] });
  } finally {
    await server.stop();
  }
}

async function startKind(kind: KindName, frame: string, fps: number): Promise<Server> {
  if (kind === "ours") return startMirror(frame, fps);
  if (kind === "direct") return startOurs({ frame, fps, offeredFps: fps });
  const { urls, ...taking } = await takeWithGo2rtc({ frame, by: "http", fps, cameras: 1 });
  return { ...taking, url: urls[0]! };
}
