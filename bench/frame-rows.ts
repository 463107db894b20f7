import { UNSENT_BYTES } from "../src/base/unsent.ts";
import { frameFile } from "./frames.ts";
import { GO2RTC } from "./intake/rows.ts";
import { takeWithGo2rtc } from "./intake/servers.ts";
import { type Load, measure, type Sample } from "./load.ts";
import { measureNotification } from "./notification.ts";
import { type KindName, kindNamed, type Length, type Row } from "./row.ts";
import { KINDS, type Server, startServer } from "./servers.ts";

/** Frames, viewers, and which servers show them. */
interface Workload extends Omit<Row, "group" | "measure"> {
  readonly frameBytes: number;
  /** Frames a second; 0 is as fast as viewers take them. */
  readonly fps: number;
  /** What peers are offered when `fps` is 0. */
  readonly offeredFps?: number;
  readonly unsentBytes?: number;
  load(length: Length): Load;
}

const SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 5 };
const WARM_UP: Record<Length, number> = { smoke: 0.3, short: 0.7, full: 0.7 };

/** go2rtc makes no frames: it is sent them by HTTP, and is charged with taking them in. */
const ALL: readonly KindName[] = ["limit", "ours", "ustreamer", "gstreamer", ...GO2RTC];

function steady(viewers: number): (length: Length) => Load {
  return (length) => ({
    viewers,
    warmUpSeconds: WARM_UP[length],
    seconds: SECONDS[length],
  });
}

const WORKLOADS: readonly Workload[] = [
  ...[1, 10, 100, 300].map((viewers, i) => ({
    id: `P${i + 1}`,
    title: `30 fps of 100 kB, ${viewers} viewer${viewers > 1 ? "s" : ""}`,
    isInSmoke: viewers === 10,
    frameBytes: 100_000,
    fps: 30,
    kinds: ALL,
    steadyFigure: "cpu_per_gb",
    load: steady(viewers),
  })),
  {
    id: "S1",
    title: "20 kB as fast as 100 viewers take them",
    frameBytes: 20_000,
    fps: 0,
    offeredFps: 1500,
    kinds: ["limit", "ours", "ustreamer"],
    steadyFigure: "mbps",
    load: steady(100),
  },
  {
    id: "S2",
    isInSmoke: true,
    title: "100 kB as fast as 100 viewers take them",
    frameBytes: 100_000,
    fps: 0,
    offeredFps: 800,
    kinds: ["limit", "ours", "ustreamer"],
    steadyFigure: "mbps",
    load: steady(100),
  },
  {
    id: "S3",
    title: "2 MB as fast as 10 viewers take them",
    frameBytes: 2_000_000,
    fps: 0,
    kinds: ["limit", "ours"],
    steadyFigure: "mbps",
    load: steady(10),
  },
  {
    id: "B1",
    title: "30 fps of 100 kB, 10 viewers beside 5 that never read",
    frameBytes: 100_000,
    fps: 30,
    kinds: ["ours"],
    steadyFigure: "cpu_per_gb",
    load: (length) => ({
      viewers: 15,
      slow: 5,
      warmUpSeconds: WARM_UP[length],
      seconds: { smoke: 2, short: 10, full: 60 }[length],
    }),
  },
  {
    id: "B2",
    isInSmoke: true,
    title: "30 fps of 100 kB, one viewer that reads 1 MB/s",
    frameBytes: 100_000,
    fps: 30,
    unsentBytes: UNSENT_BYTES, // as ours: the limit could be as near to now
    kinds: ALL,
    steadyFigure: "slow_p50_us",
    load: (length) => ({
      viewers: 1,
      slow: 1,
      slowKbps: 1000,
      slowReceiveBytes: 256 * 1024,
      warmUpSeconds: length === "smoke" ? 2 : 4,
      seconds: SECONDS[length],
    }),
  },
];

export const FRAME_ROWS: readonly Row[] = [
  ...WORKLOADS.map(
    (workload): Row => ({
      ...workload,
      group: "frames",
      measure: (kind, length) => measureWorkload(workload, kind, length),
    }),
  ),
  {
    ...{ id: "N1", group: "frames", title: "those who wait for a frame hear of it" },
    ...{ kinds: ["ours"], steadyFigure: "waiters_p50_us" },
    measure: (_, length) => measureNotification(length === "full" ? 5 : 2),
  },
];

async function measureWorkload(
  { frameBytes, fps, offeredFps = 30, unsentBytes, load }: Workload,
  kind: KindName,
  length: Length,
): Promise<Sample> {
  const frame = await frameFile(frameBytes);
  const job = { frame, fps, offeredFps, ...(unsentBytes !== undefined && { unsentBytes }) };
  const server = await (kind === "go2rtc"
    ? relayed(job)
    : startServer(kindNamed(KINDS, kind), job));
  try {
    return await measure(server, load(length));
  } finally {
    await server.stop();
  }
}

async function relayed({ frame, fps }: { frame: string; fps: number }): Promise<Server> {
  const { urls, ...server } = await takeWithGo2rtc({ by: "http", cameras: 1, frame, fps });
  return { ...server, url: urls[0]! };
}
