import { EXPECTED_PER_SECOND } from "./http/rows.ts";
import type { Results } from "./results.ts";

/** One figure that this server is held to. */
export interface Claim {
  readonly workload: string;
  /** The workload whose cells it is computed from, when it has none of its own. */
  readonly measuredIn?: string;
  readonly what: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  readonly unit?: string;
  value(results: Results): number | undefined;
}

const CPU_PER_GB = "cpu_per_gb";
const CPU_PER_FRAME = "cpu_us_per_frame";
const THROUGHPUT = "mbps";

/** Every claim of docs/internals/benchmarks.md, in its order. */
export const CLAIMS: readonly Claim[] = [
  toKind("P1", "CPU per frame", CPU_PER_FRAME, "ustreamer", 1.1),
  toBestPeer("P1", "latency p50", "p50_us", 0.8),
  toKind("P2", "CPU per GB", CPU_PER_GB, "limit", 2.6),
  toBestPeer("P2", "CPU per GB", CPU_PER_GB, 1.0),
  toBestPeer("P2", "latency p50", "p50_us", 0.8),
  toBestPeer("P2", "latency p99", "p99_us", 1.0),
  toKind("P3", "CPU per GB", CPU_PER_GB, "limit", 1.8),
  toBestPeer("P3", "CPU per GB", CPU_PER_GB, 0.65),
  toKind("P3", "CPU per GB", CPU_PER_GB, "ustreamer", 0.35),
  toBestPeer("P3", "latency p50", "p50_us", 0.6),
  ours("P4", "frames/s of the worst-served viewer", "fps_min", { atLeast: 29.4 }),
  ours("P4", "frames skipped", "skipped", { atMost: 0 }),
  toKind("P4", "CPU per GB", CPU_PER_GB, "limit", 1.3),
  toBestPeer("P4", "CPU per GB", CPU_PER_GB, 0.5),
  throughput("S1", "limit", 0.8),
  throughput("S1", "ustreamer", 2),
  throughput("S2", "limit", 0.5),
  throughput("S2", "ustreamer", 1.5),
  throughput("S3", "limit", 0.8),
  ours("B1", "frames/s of the worst-served fast viewer", "fps_min", { atLeast: 29.4 }),
  {
    workload: "B1",
    what: "latency p50, with the stalled viewers / without (P2)",
    atMost: 1.25,
    value(results) {
      const stalled = results.median("B1", "ours", "p50_us");
      const alone = results.median("P2", "ours", "p50_us");
      return stalled === undefined || !alone ? undefined : stalled / alone;
    },
  },
  ours("B1", "memory gained", "rss_gained_kb", { atMost: 10, scale: 1e-3, unit: "MB" }),
  ours("B2", "age of the frames p50", "slow_p50_us", { atMost: 0.7, scale: 1e-6, unit: "s" }),
  ours("N1", "100 waiters, until the last runs, p50", "waiters_p50_us", { atMost: 30, unit: "µs" }),
  ours("N1", "server-sent events, 250 fps x 50, p50", "sse_p50_us", {
    ...{ atMost: 1, scale: 1e-3, unit: "ms" },
  }),
  ours("N1", "WebSocket, 250 fps x 50, p50", "ws_p50_us", {
    ...{ atMost: 1, scale: 1e-3, unit: "ms" },
  }),
  ours("G1", "frame to screen p50", "glass_p50_ms", { atMost: 30, unit: "ms" }),
  ours("G1", "frame to screen p99", "glass_p99_ms", { atMost: 100, unit: "ms" }),
  toKind("G1", "frame to screen p50", "glass_p50_ms", "ustreamer", 1),
  ours("G2", "main thread of the page", "page_busy", { atMost: 0.6, unit: "of a core" }),
  ours("G3", "server and its cameras", "server_busy", { atMost: 0.5, unit: "of a core" }),
  ours("G3", "worst API call of the page", "api_worst_ms", { atMost: 300, unit: "ms" }),
  ours("G4", "first picture, nothing in the cache", "picture_ms", {
    ...{ atMost: 1, scale: 1e-3, unit: "s" },
  }),
  ...["I1-1", "I1-10"].flatMap((row) => [
    toGo2rtc(row, "CPU per GB", CPU_PER_GB, row === "I1-1" ? 1.5 : 1),
    toGo2rtc(row, "latency p50", "p50_us", 1),
  ]),
  toKind("L1-100", "CPU per GB", CPU_PER_GB, "direct", 1.25),
  toKind("L1-1000", "CPU per GB", CPU_PER_GB, "direct", 1.1),
  ours("L1-1000", "frames skipped", "skipped", { atMost: 0 }),
  ...["jpeg", "sized", "unsized"].map((how) =>
    ours("I4", `GB/s of ${how} frames`, `${how}_gb_per_cpu_s`, { atLeast: 5 }),
  ),
  {
    ...ours("P4", "memory (RSS)", "rss_kb", { atMost: 80, scale: 1e-3, unit: "MB" }),
    ...{ workload: "M1", measuredIn: "P4" },
  },
  ours("T1", "from the start until it listens", "listening_ms", {
    ...{ atMost: 0.5, scale: 1e-3, unit: "s" },
  }),
  ours("T1", "memory at rest (RSS)", "rss_kb", { atMost: 80, scale: 1e-3, unit: "MB" }),
  ours("T2", "from the start to the first picture", "first_picture_ms", {
    ...{ atMost: 1.5, scale: 1e-3, unit: "s" },
  }),
  perSecond("H1", "limit", 0.75),
  ...["H1", "H2", "A1", "A2"].flatMap((row) => [
    perSecond(row, "fastest peer", 1),
    toBestPeer(row, "time of an answer p50", "p50_us", 1),
    toBestPeer(row, "time of an answer p99", "p99_us", 1),
  ]),
  heard("E1"),
  heard("E2"),
  toBestPeer("E2", "age of a message p50", "p50_us", 1),
  toBestPeer("E2", "age of a message p99", "p99_us", 1),
  ours("R1", "frames that were not recorded", "lost", { atMost: 0 }),
  ours("R1", "frames/s of the worst-served viewer", "fps_min", { atLeast: 29.4 }),
  toKind("R2", "CPU per recorded GB", CPU_PER_GB, "limit", 1.6),
  toKind("W1", "CPU per GB", CPU_PER_GB, "limit", 2),
  ours("W1", "frames/s received", "fps_min", { atLeast: 58.8 }),
  ours("F1", "frames/s of raw 1080p", "fps_min", { atLeast: 29.4 }),
  ours("F1", "frames skipped", "skipped", { atMost: 0 }),
  {
    ...{ workload: "Y1", what: "frames of 100 kB a second, ours / pystreaming", atLeast: 5 },
    value: (results) => results.ratio("Y1", "per_second", "pystreaming"),
  },
  {
    ...{ workload: "Q1", what: "tickets a second, ours / bare JetStream", atLeast: 0.1 },
    value: (results) => results.ratio("Q1", "per_second", "jetstream"),
  },
  toKind("Q2", "round trip of a command p50", "p50_us", "http", 2),
  {
    workload: "D1",
    what: "CPU of a probe and its consumer, each frame",
    ...{ atMost: 20, unit: "µs" },
    value(results) {
      const probed = results.median("D1", "ours", "cpu_us_per_request");
      const alone = results.median("D1", "limit", "cpu_us_per_request");
      return probed === undefined || alone === undefined ? undefined : probed - alone;
    },
  },
  ours("D1", "frames whose events were lost", "events_lost", { atMost: 0 }),
  ...["J1", "J2", "J3"].flatMap((row) => [
    toKind(row, "time of an RGB picture", "RGB3_ms", "limit", 1.15),
    toKind(row, "time of a YUYV picture", "YUYV_ms", "limit", 1.15),
    toKind(row, "time of a Bayer picture", "GRBG_ms", "limit", 1.7),
  ]),
  ours("V1", "CPU per frame of program and reader", "cpu_us_per_request", {
    atMost: 400,
    unit: "µs",
  }),
  ...["C1", "C2"].flatMap((row) => [
    toKind(`${row}-1`, "CPU of a camera's frame", "camera_us", "ustreamer", 1.3),
    toKind(`${row}-3`, "CPU of a camera's frame", "camera_us", "ustreamer", 1),
    toKind(`${row}-10`, "CPU of a camera's frame", "camera_us", "ustreamer", 1),
    ours(`${row}-1`, "memory of the V4L2 program beside its buffers", "program_kb", {
      ...{ atMost: 3, scale: 1e-3, unit: "MB" },
    }),
  ]),
];

/** Whether a claim holds; undefined when it could not be measured. */
export function holds(claim: Claim, value: number | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  return value <= (claim.atMost ?? Infinity) && value >= (claim.atLeast ?? -Infinity);
}

function toKind(
  workload: string,
  what: string,
  figure: string,
  kind: "limit" | "ustreamer" | "direct" | "http",
  atMost: number,
): Claim {
  const value = (results: Results) => results.ratio(workload, figure, kind);
  return { workload, what: `${what}, ours / ${kind}`, atMost, value };
}

/** Where go2rtc is not on the PATH, this is not measured. */
function toGo2rtc(workload: string, what: string, figure: string, atMost: number): Claim {
  const value = (results: Results) => results.ratio(workload, figure, "go2rtc");
  return { workload, what: `${what}, ours / go2rtc`, atMost, value };
}

function toBestPeer(workload: string, what: string, figure: string, atMost: number): Claim {
  const value = (results: Results) => results.ratioToBestPeer(workload, figure);
  return { workload, what: `${what}, ours / best peer`, atMost, value };
}

function throughput(workload: string, kind: "limit" | "ustreamer", atLeast: number): Claim {
  const value = (results: Results) => results.ratio(workload, THROUGHPUT, kind);
  return { workload, what: `MB/s, ours / ${kind}`, atLeast, value };
}

function perSecond(workload: string, kind: "limit" | "fastest peer", atLeast: number): Claim {
  const value = (results: Results) =>
    kind === "limit"
      ? results.ratio(workload, "per_second", kind)
      : results.ratioToFastestPeer(workload, "per_second");
  return { workload, what: `answers a second, ours / ${kind}`, atLeast, value };
}

/** Every listener hears every message; one round of 60 may fall on either side of the beginning and of the end. */
function heard(workload: string): Claim {
  return ours(workload, "messages heard / sent", "per_second", {
    ...{ atLeast: 0.95, scale: 1 / EXPECTED_PER_SECOND },
  });
}

function ours(
  workload: string,
  what: string,
  figure: string,
  limits: { atMost?: number; atLeast?: number; scale?: number; unit?: string },
): Claim {
  const { scale = 1, ...rest } = limits;
  return {
    ...{ workload, what, ...rest },
    value(results) {
      const median = results.median(workload, "ours", figure);
      return median === undefined ? undefined : median * scale;
    },
  };
}
