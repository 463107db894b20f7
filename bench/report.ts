import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../src/base/package-root.ts";
import { CLAIMS, type Claim, holds } from "./claims.ts";
import type { Sample } from "./load.ts";
import type { Machine } from "./machine.ts";
import { MAX_SPREAD, type Results } from "./results.ts";
import type { Length } from "./row.ts";
import { ROWS } from "./rows.ts";

/** The figures of each cell that the tables show: name, scale, unit. */
export const COLUMNS = [
  ["listening_ms", 1, "listening after ms"],
  ["first_picture_ms", 1, "first picture after ms"],
  ["glass_p50_ms", 1, "on the screen p50 ms"],
  ["glass_p99_ms", 1, "on the screen p99 ms"],
  ["script_p50_ms", 1, "seen by a script p50 ms"],
  ["script_p99_ms", 1, "seen by a script p99 ms"],
  ["img_p50_ms", 1, "<img> p50 ms"],
  ["img_p99_ms", 1, "<img> p99 ms"],
  ["img_script_p50_ms", 1, "<img> seen by a script p50 ms"],
  ["img_script_p99_ms", 1, "<img> seen by a script p99 ms"],
  ["picture_ms", 1, "first picture ms"],
  ["picture_worst_ms", 1, "latest first picture ms"],
  ["controls_ms", 1, "controls ms"],
  ["sources_busy", 100, "cameras alone %"],
  ["page_busy", 100, "page's main thread %"],
  ["server_busy", 100, "server and its camera %"],
  ["tile_fps", 1, "fps a tile"],
  ["api_ms", 1, "API call p50 ms"],
  ["api_worst_ms", 1, "worst API call ms"],
  ["heap_gained_kb", 1, "heap gained kB"],
  ["per_second", 1, "per second"],
  ["cpu_us_per_request", 1, "CPU µs each"],
  ["cpu_per_gb", 1, "CPU s/GB"],
  ["camera_us", 1, "CPU µs of a camera's frame"],
  ["mbps", 1, "MB/s"],
  ["jpeg_gb_per_cpu_s", 1, "JPEGs GB/s"],
  ["sized_gb_per_cpu_s", 1, "parts with a length GB/s"],
  ["unsized_gb_per_cpu_s", 1, "parts without GB/s"],
  ["fps_min", 1, "fps, worst viewer"],
  ["p50_us", 1e-3, "p50 ms"],
  ["p99_us", 1e-3, "p99 ms"],
  ["cpu_per_gb_with_capture", 1, "with capture: CPU s/GB"],
  ["skipped", 1, "skipped"],
  ["lost", 1, "not recorded"],
  ["slow_p50_us", 1e-6, "slow viewer: age p50 s"],
  ["waiters_p50_us", 1e-3, "waiters in process: p50 ms"],
  ["sse_p50_us", 1e-3, "by SSE: p50 ms"],
  ["ws_p50_us", 1e-3, "by WebSocket: p50 ms"],
  ...["RGB3", "BGR3", "YUYV", "UYVY", "NV12", "YU12", "GREY", "Y16", "GRBG", "BA10"].map(
    (format) => [`${format}_ms`, 1, `${format} ms`] as const,
  ),
  ["program_kb", 1e-3, "V4L2 program beside buffers MB"],
  ["rss_kb", 1e-3, "RSS MB"],
  ["rest_rss_kb", 1e-3, "RSS at rest MB"],
  ["watched_rss_kb", 1e-3, "RSS with a viewer MB"],
  ["archive_kb", 1e-3, "file for npm MB"],
  ["packages", 1, "packages of npm"],
  ["installed_kb", 1.024e-3, "installed by npm MB"],
  ["deb_kb", 1e-3, "Debian package MB"],
  ["deb_installed_kb", 1.024e-3, "installed from it MB"],
  ["load_busy", 100, "load busy %"],
] as const;

/** What one repetition measured, in a line. */
export function sampleLine(sample: Sample): string {
  return COLUMNS.flatMap(([name, scale, heading]) => {
    const value = sample[name];
    return value === undefined || value < 0 ? [] : [`${short(value * scale)} ${heading}`];
  }).join(", ");
}

/** Everything that a run found, as Markdown. */
export function toMarkdown(results: Results, machine: Machine, length: Length): string {
  return [
    `# Bench of ${machine.date}, ${length}`,
    "",
    ...machineLines(machine),
    "",
    "## What this server is held to",
    "",
    "| row | what | measured | limit | |",
    "|---|---|---|---|---|",
    ...CLAIMS.filter((claim) => results.includes(claim.measuredIn ?? claim.workload)).map((claim) =>
      claimLine(claim, results),
    ),
    "",
    ...discarded(results),
    "## All figures (medians)",
    "",
    ...ROWS.flatMap((workload) => workloadTable(workload, results)),
    ...failures(results),
  ].join("\n");
}

/** Writes the results beside earlier ones; returns the path without its ending. */
export function writeResults(results: Results, machine: Machine, length: Length): string {
  const folder = packagePath("bench", "results");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${machine.date}-${length}`);
  writeFileSync(`${path}.md`, `${toMarkdown(results, machine, length).trimEnd()}\n`);
  const cells = results.cells.filter((cell) => cell.samples.length > 0 || cell.failure);
  const claims = CLAIMS.map((claim) => {
    const { value, ...texts } = claim;
    const measured = value(results);
    return { ...texts, measured, holds: holds(claim, measured) };
  });
  writeFileSync(`${path}.json`, `${JSON.stringify({ machine, length, claims, cells }, null, 1)}\n`);
  return path;
}

function machineLines(machine: Machine): string[] {
  return [
    `${machine.cpu}, ${machine.cores} cores; ${machine.kernel}; Node ${machine.node}; Thingscope ${machine.thingscope}.`,
    `${machine.ustreamer}; ${machine.gstreamer}; ${machine.web}. Load average before: ${machine.loadBefore.toFixed(2)}.`,
    "Servers on core 0, the load on core 1, over loopback. Ratios are of medians of this run.",
  ];
}

function claimLine(claim: Claim, results: Results): string {
  const value = claim.value(results);
  const verdict = { true: "pass", false: "**miss**", undefined: "**not measured**" };
  const limit = claim.atMost === undefined ? `≥ ${claim.atLeast}` : `≤ ${claim.atMost}`;
  const unit = claim.unit ? ` ${claim.unit}` : "";
  const measured = value === undefined ? "–" : `${short(value)}${unit}`;
  const word = verdict[`${holds(claim, value)}`];
  return `| ${claim.workload} | ${claim.what} | ${measured} | ${limit}${unit} | ${word} |`;
}

/** Which workloads ran while the machine was busy with something else. */
function discarded(results: Results): string[] {
  const lines = ROWS.flatMap(({ id, steadyFigure }) => {
    const spread = results.spreadOfLimit(id, steadyFigure);
    if (spread === undefined || spread <= MAX_SPREAD) return [];
    const percent = Math.round(spread * 100);
    return [
      `**Discard ${id}**: the limit's own figures spread by ${percent} %, more than ${MAX_SPREAD * 100} %.`,
    ];
  });
  return lines.length > 0 ? [...lines, ""] : [];
}

function workloadTable(workload: { id: string; title: string }, results: Results): string[] {
  const cells = results.cells.filter(
    (cell) => cell.workload === workload.id && cell.samples.length > 0,
  );
  if (cells.length === 0) return [];
  const columns = COLUMNS.filter(([name]) =>
    cells.some((cell) => (results.median(workload.id, cell.kind, name) ?? -1) > 0),
  );
  return [
    `### ${workload.id}: ${workload.title}`,
    "",
    `| server | ${columns.map(([, , heading]) => heading).join(" | ")} |`,
    `|---|${columns.map(() => "---|").join("")}`,
    ...cells.map((cell) => {
      const figures = columns.map(([name, scale]) => {
        const value = results.median(workload.id, cell.kind, name);
        return value === undefined || value < 0 ? "–" : short(value * scale);
      });
      return `| ${cell.kind} | ${figures.join(" | ")} |`;
    }),
    "",
  ];
}

function failures(results: Results): string[] {
  const failed = results.cells.filter((cell) => cell.failure);
  if (failed.length === 0) return [];
  return [
    "## What did not run",
    "",
    ...failed.map((cell) => `- ${cell.workload}, ${cell.kind}: ${cell.failure}`),
    "",
  ];
}

/** Three digits, and no more than there are. */
export function short(value: number): string {
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toPrecision(3).replace(/\.?0+$/, "");
}
