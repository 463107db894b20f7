// Focuses a microscope from outside, with nothing but HTTP:
//
//   npx tsx examples/autofocus-script.ts http://127.0.0.1:5000 [--method sizes|next_frame_size] [--dz 2000]
//
// It needs a Thing `camera` with a stream `mjpeg_stream`, and a Thing `stage`. A sharper picture compresses less,
// so the height at which a frame has most bytes is the focus.
//
//   sizes            sweeps once, while the server tells the size and time of every frame
//   next_frame_size  goes to one height after another and asks for the size of the next frame there
import { parseArgs } from "node:util";

interface Place {
  x: number;
  y: number;
  z: number;
}

/** What a move returns: straight from one place to another, between two times of the frames' clock, ms. */
interface Motion {
  startedAt: number;
  endedAt: number;
  from: Place;
  to: Place;
}

/** What the server tells of each frame. */
interface FrameSize {
  capturedAt: number;
  size: number;
}

interface Run {
  status: string;
  output: unknown;
  error: { detail?: string } | null;
}

interface Sample {
  z: number;
  size: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    method: { type: "string", default: "sizes" },
    dz: { type: "string", default: "2000" },
  },
});
const base = (positionals[0] ?? "http://127.0.0.1:5000").replace(/\/$/, "");
const dz = Number(values.dz);
const methods: Record<string, () => Promise<Sample[]>> = {
  sizes: sweepWatchingSizes,
  next_frame_size: stepAndMeasure,
};

try {
  const measure = methods[values.method];
  if (!measure || !(dz > 0)) {
    throw new Error(
      "Use --method sizes or --method next_frame_size, and --dz with a positive number.",
    );
  }
  const started = Date.now();
  const samples = await measure();
  const focus = Math.round(peakOf(samples));
  await moveTo(focus - 200); // so that the last move is upwards, out of the gears' slack
  await moveTo(focus);
  report(samples, focus, Date.now() - started);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** One sweep upwards. Each frame's height follows from its time of capture. */
async function sweepWatchingSizes(): Promise<Sample[]> {
  const done = new AbortController();
  const frames: FrameSize[] = [];
  const watching = watchSizes((frame) => frames.push(frame), done.signal);
  const work = async () => {
    const frameAfter = async (time: number) => {
      while ((frames.at(-1)?.capturedAt ?? 0) <= time) await pause(20);
    };
    const down = await move({ z: -dz / 2 });
    await frameAfter(down.endedAt); // the camera may have had to start
    const sweep = await move({ z: dz });
    await frameAfter(sweep.endedAt);
    return frames
      .filter(({ capturedAt }) => capturedAt > sweep.startedAt && capturedAt <= sweep.endedAt)
      .map(({ capturedAt, size }) => ({ z: heightAt(sweep, capturedAt), size }));
  };
  try {
    const samples = await Promise.race([work(), watching]);
    if (samples) return samples;
    throw new Error("The server ended the list of frame sizes. Is the camera streaming?");
  } finally {
    done.abort();
  }
}

/** In steps of dz/20, then about the best of them in steps that are eight times finer. */
async function stepAndMeasure(): Promise<Sample[]> {
  const { z } = await get<Place>("/stage/position");
  const coarse = await sizesAt(z - dz / 2, dz / 20, 21);
  const best = coarse.reduce((a, b) => (b.size > a.size ? b : a));
  return sizesAt(best.z - dz / 20, dz / 160, 17);
}

async function sizesAt(bottom: number, step: number, count: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (let n = 0; n < count; n++) {
    const z = Math.round(bottom + n * step);
    await moveTo(z);
    samples.push({ z, size: await get<number>("/camera/mjpeg_stream/next_frame_size") });
  }
  return samples;
}

function heightAt({ startedAt, endedAt, from, to }: Motion, time: number): number {
  return from.z + ((to.z - from.z) * (time - startedAt)) / (endedAt - startedAt);
}

/** The top of the parabola through the largest sample and its neighbours. */
function peakOf(samples: Sample[]): number {
  const top = samples.reduce((best, { size }, n) => (size > samples[best]!.size ? n : best), 0);
  const [a, b, c] = [samples[top - 1], samples[top], samples[top + 1]];
  if (!b) throw new Error("No frame was captured during the sweep. Is the camera streaming?");
  if (!a || !c) {
    throw new Error(
      `The sharpest frame is at the end of the sweep (z = ${Math.round(b.z)}): make --dz larger.`,
    );
  }
  const left = (b.size - a.size) / (b.z - a.z);
  const right = (c.size - b.size) / (c.z - b.z);
  const bend = (left - right) / (c.z - a.z);
  return bend === 0 ? b.z : (a.z + b.z) / 2 + left / (2 * bend);
}

function report(samples: Sample[], focus: number, ms: number): void {
  const largest = Math.max(...samples.map(({ size }) => size));
  const every = Math.ceil(samples.length / 24);
  for (const { z, size } of samples.filter((_, n) => n % every === 0)) {
    const bar = "#".repeat(Math.round((50 * size) / largest));
    console.log(`z ${String(Math.round(z)).padStart(7)}  ${String(size).padStart(8)} B  ${bar}`);
  }
  console.log(
    `${samples.length} frames, focus at z = ${focus}, ${(ms / 1000).toFixed(1)} s by ${values.method}`,
  );
}

async function watchSizes(see: (frame: FrameSize) => void, signal: AbortSignal): Promise<void> {
  try {
    const response = await asked("/camera/mjpeg_stream/sizes", { signal });
    const decoder = new TextDecoder();
    let text = "";
    for await (const bytes of response.body ?? []) {
      const events = (text + decoder.decode(bytes, { stream: true })).split("\n\n");
      text = events.pop() ?? "";
      for (const event of events) {
        const data = /^data: ?(.*)$/m.exec(event)?.[1];
        const frame = data && JSON.parse(data);
        if (typeof frame?.size === "number") see(frame);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function moveTo(z: number): Promise<Motion> {
  return invoke<Motion>("/stage/move_absolute", { z: Math.round(z) });
}

function move(by: { z: number }): Promise<Motion> {
  return invoke<Motion>("/stage/move_relative", { z: Math.round(by.z) });
}

/** Starts an action, and asks how it goes until it has ended. */
async function invoke<Output>(path: string, input: unknown): Promise<Output> {
  const headers = { "Content-Type": "application/json" };
  const started = await asked(path, { method: "POST", headers, body: JSON.stringify(input) });
  const { href } = (await started.json()) as { href: string };
  for (;;) {
    const run = (await (await asked(href)).json()) as Run;
    if (run.status === "completed") return run.output as Output;
    if (run.status !== "pending" && run.status !== "running") {
      throw new Error(`${path} ended as ${run.status}. ${run.error?.detail ?? ""}`);
    }
    await pause(20);
  }
}

async function get<Value>(path: string): Promise<Value> {
  return (await asked(path)).json() as Promise<Value>;
}

async function asked(path: string, init: RequestInit = {}): Promise<Response> {
  const url = new URL(path, `${base}/`);
  const response = await fetch(url, init).catch((cause) => {
    if (init.signal?.aborted) throw cause;
    throw new Error(`Nothing answers at ${base}. Start the server first: npm start`, { cause });
  });
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new Error(`${url}: ${problem.detail ?? `${response.status} ${response.statusText}`}`);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
