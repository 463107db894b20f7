// Runs the bench: `npm run bench`, `npm run bench -- --full`. docs/benchmarks.md says what each row means.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/errors.ts";
import { frameFile } from "./frames.ts";
import { WEB_KINDS, type WebKind } from "./http/servers.ts";
import { WEB_WORKLOADS, type WebWorkload } from "./http/workloads.ts";
import { measure } from "./load.ts";
import { describeMachine } from "./machine.ts";
import { measureNotification } from "./notification.ts";
import { buildPrograms } from "./programs.ts";
import {
  measureRecording,
  RECORDING_WORKLOADS,
  type RecordingWorkload,
} from "./recording/workloads.ts";
import { toMarkdown, writeResults } from "./report.ts";
import { Results } from "./results.ts";
import { KINDS, type Kind, startServer } from "./servers.ts";
import { WIRE_WORKLOADS, type WireWorkload } from "./wires.ts";
import { type Length, REPETITIONS, WORKLOADS, type Workload } from "./workloads.ts";

const { values: options } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    minutes: { type: "string" },
  },
});
const length: Length = options.full ? "full" : options.smoke ? "smoke" : "short";
const only =
  options.only?.split(",") ??
  (options.smoke ? ["P2", "S2", "B2", "H1", "E2", "R1", "R2", "W1"] : undefined);

if (cpus().length < 2) fail("The bench needs two cores: one for the server, one for the load.");
await buildPrograms().catch((error: unknown) => fail(messageOf(error)));

const machine = await describeMachine();
const results = new Results();
const workloads = WORKLOADS.filter(({ id }) => !only || only.includes(id));
const webWorkloads = WEB_WORKLOADS.filter(
  ({ id, group }) => !only || only.includes(id) || only.includes(group),
);
const recordings = RECORDING_WORKLOADS.filter(
  ({ id }) => !only || only.includes(id) || only.includes("recordings"),
);
const wires = WIRE_WORKLOADS.filter(
  ({ id, group }) => !only || only.includes(id) || only.includes(group) || only.includes("wires"),
);
const minutes = options.minutes ? Number(options.minutes) : undefined;
for (let repetition = 1; repetition <= REPETITIONS[length]; repetition++) {
  for (const workload of workloads) await runWorkload(workload, repetition);
  if (!only || only.includes("N1")) await runNotification(repetition);
  for (const workload of webWorkloads) await runWebWorkload(workload, repetition);
  for (const workload of recordings) await runRecordings(workload, repetition);
  for (const workload of wires) await runWire(workload, repetition);
}

console.log(`\n${toMarkdown(results, machine, length)}`);
if (!only) console.log(`Written to ${writeResults(results, machine, length)}.md and .json`);
const failed = results.cells.filter((cell) => cell.failure);
if (failed.length > 0) fail(`${failed.length} cells did not run; the reasons are above.`);

async function runWorkload(workload: Workload, repetition: number): Promise<void> {
  const kinds = KINDS.filter((kind) => workload.kinds.includes(kind.name));
  for (const kind of kinds) await runCell(workload, kind, repetition);
}

async function runCell(workload: Workload, kind: Kind, repetition: number): Promise<void> {
  const cell = results.cell(workload.id, kind.name);
  const title = `${workload.id} ${kind.name} ${repetition}/${REPETITIONS[length]}`;
  try {
    const server = await startServer(kind, {
      frame: await frameFile(workload.frameBytes),
      fps: workload.fps,
      offeredFps: workload.offeredFps ?? 30,
    });
    try {
      const sample = await measure(server, workload.load(length));
      cell.samples.push(sample);
      const { cpu_per_gb = 0, mbps = 0, p50_us = 0, slow_p50_us = 0 } = sample;
      const age = Math.max(p50_us, slow_p50_us) / 1000;
      console.log(`${title}: ${cpu_per_gb} CPU s/GB, ${mbps} MB/s, p50 ${age} ms`);
    } finally {
      await server.stop();
    }
  } catch (error) {
    cell.failure = messageOf(error);
    console.log(`${title}: ${cell.failure}`);
  }
}

async function runWebWorkload(workload: WebWorkload, repetition: number): Promise<void> {
  const kinds = WEB_KINDS.filter((kind) => workload.kinds.includes(kind.name));
  for (const kind of kinds) await runWebCell(workload, kind, repetition);
}

async function runWebCell(workload: WebWorkload, kind: WebKind, repetition: number): Promise<void> {
  const cell = results.cell(workload.id, kind.name);
  const title = `${workload.id} ${kind.name} ${repetition}/${REPETITIONS[length]}`;
  try {
    const server = await kind.start();
    try {
      const sample = await workload.measure(server, kind.name, length);
      cell.samples.push(sample);
      const { per_second = 0, p50_us = 0, p99_us = 0, cpu_us_per_request: cpu = 0 } = sample;
      const ms = (us: number) => (us / 1000).toFixed(2);
      const times = `p50 ${ms(p50_us)} ms, p99 ${ms(p99_us)} ms, ${cpu.toFixed(0)} CPU µs each`;
      console.log(`${title}: ${per_second.toFixed(0)} a second, ${times}`);
    } finally {
      await server.stop();
    }
  } catch (error) {
    cell.failure = messageOf(error);
    console.log(`${title}: ${cell.failure}`);
  }
}

async function runRecordings(workload: RecordingWorkload, repetition: number): Promise<void> {
  for (const kind of workload.kinds) {
    const cell = results.cell(workload.id, kind);
    const title = `${workload.id} ${kind} ${repetition}/${REPETITIONS[length]}`;
    try {
      const sample = await measureRecording(workload, kind, length, minutes);
      cell.samples.push(sample);
      const { cpu = 0, lost = 0, bytes = 0 } = sample;
      const size = `${(bytes / 1e9).toFixed(2)} GB recorded`;
      console.log(`${title}: ${size}, ${cpu.toFixed(2)} CPU s in all, ${lost} frames lost`);
    } catch (error) {
      cell.failure = messageOf(error);
      console.log(`${title}: ${cell.failure}`);
    }
  }
}

async function runWire(workload: WireWorkload, repetition: number): Promise<void> {
  for (const kind of workload.kinds) {
    const cell = results.cell(workload.id, kind);
    const title = `${workload.id} ${kind} ${repetition}/${REPETITIONS[length]}`;
    try {
      const sample = await workload.measure(kind, length);
      cell.samples.push(sample);
      const figures = Object.entries(sample).map(([name, value]) => `${name} ${value.toFixed(2)}`);
      console.log(`${title}: ${figures.join(", ")}`);
    } catch (error) {
      cell.failure = messageOf(error);
      console.log(`${title}: ${cell.failure}`);
    }
  }
}

async function runNotification(repetition: number): Promise<void> {
  const cell = results.cell("N1", "ours");
  try {
    const sample = await measureNotification(length === "full" ? 5 : 2);
    cell.samples.push(sample);
    console.log(`N1 ours ${repetition}/${REPETITIONS[length]}: ${JSON.stringify(sample)}`);
  } catch (error) {
    cell.failure = messageOf(error);
    console.log(`N1 ours: ${cell.failure}`);
  }
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
