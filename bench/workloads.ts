import type { Load } from "./load.ts";
import type { Kind } from "./servers.ts";

/** One row of the bench: frames, viewers, and which servers it compares. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly frameBytes: number;
  /** Frames a second; 0 is as fast as viewers take them. */
  readonly fps: number;
  /** What peers are offered when `fps` is 0. */
  readonly offeredFps?: number;
  readonly kinds: readonly Kind["name"][];
  /** The figure of the limit whose spread tells how quiet the machine was. */
  readonly steadyFigure: string;
  load(length: Length): Load;
}

/** How long cells last. */
export type Length = "smoke" | "short" | "full";

export const REPETITIONS: Record<Length, number> = { smoke: 1, short: 1, full: 5 };

const SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 5 };
const WARM_UP: Record<Length, number> = { smoke: 0.3, short: 0.7, full: 0.7 };

const ALL: readonly Kind["name"][] = ["limit", "ours", "ustreamer", "gstreamer"];

function steady(viewers: number): (length: Length) => Load {
  return (length) => ({
    viewers,
    warmUpSeconds: WARM_UP[length],
    seconds: SECONDS[length],
  });
}

export const WORKLOADS: readonly Workload[] = [
  ...[1, 10, 100, 300].map((viewers, i) => ({
    id: `P${i + 1}`,
    title: `30 fps of 100 kB, ${viewers} viewer${viewers > 1 ? "s" : ""}`,
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
    title: "30 fps of 100 kB, one viewer that reads 1 MB/s",
    frameBytes: 100_000,
    fps: 30,
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
