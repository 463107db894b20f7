import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { type Browser, chromium, type Page } from "playwright-core";
import { wallTime } from "../../src/base/clock.ts";
import { stream } from "../../src/core/decorators.ts";
import { Thing } from "../../src/core/thing.ts";
import { ThingHost } from "../../src/core/thing-host.ts";
import { ThingServer } from "../../src/server/thing-server.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import type { Sample } from "../load.ts";
import type { Length, Row } from "../row.ts";
import { CODES, codedFrames, lookingFor } from "./coded-frames.ts";

const PROGRAM = "/usr/bin/chromium";
const SECONDS: Record<Length, number> = { smoke: 3, short: 10, full: 60 };
const FPS = 30;
const CANVAS = `document.querySelector("camera-view").shadowRoot.querySelector("canvas.picture")`;

class BenchCamera extends Thing {
  @stream("Frames of the bench")
  readonly live = new MJPEGStream();
}

export const PAGE_ROWS: readonly Row[] = [
  {
    ...{ id: "G1", group: "pages", kinds: ["ours"], steadyFigure: "glass_p50_ms" },
    title: "640x480 at 30 fps, from the frame to the pixels: <camera-view> beside an <img>",
    measure: (_, length) => withCameras(1, 640, 480, (bench) => glassToGlass(bench, length)),
  },
  {
    ...{ id: "G2", group: "pages", kinds: ["ours"], steadyFigure: "page_busy" },
    title: "four tiles of 1280x720 at 30 fps: the page's main thread",
    measure: (_, length) => withCameras(4, 1280, 720, (bench) => wall(bench, length)),
  },
  {
    ...{ id: "G3", group: "pages", kinds: ["ours"], steadyFigure: "api_ms" },
    title: "sixteen live tiles of 640x480 at 30 fps, and API calls of the page",
    measure: (_, length) => withCameras(16, 640, 480, (bench) => wall(bench, length)),
  },
];

interface Bench {
  readonly url: string;
  readonly browser: Browser;
  /** When the newest frame of each code was captured, epoch ms. */
  readonly capturedAt: ReadonlyMap<number, number>;
  readonly streams: readonly MJPEGStream[];
}

/** Serves cameras that show coded frames, and opens a browser. */
async function withCameras(
  count: number,
  width: number,
  height: number,
  measure: (bench: Bench) => Promise<Sample>,
): Promise<Sample> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing. Install it: scripts/setup`);
  const frames = await codedFrames(width, height);
  const settingsFolder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const host = new ThingHost({ settingsFolder });
  const cameras = Array.from({ length: count }, () => new BenchCamera());
  for (const [n, camera] of cameras.entries()) host.add(`camera_${n}`, camera);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  const browser = await chromium.launch({ executablePath: PROGRAM, args: ["--no-sandbox"] });
  const capturedAt = new Map<number, number>();
  let n = 0;
  const source = setInterval(() => {
    const code = ++n % CODES;
    capturedAt.set(code, wallTime());
    for (const { live } of cameras) live.addFrame(frames[code]!);
  }, 1000 / FPS);
  try {
    return await measure({ url, browser, capturedAt, streams: cameras.map(({ live }) => live) });
  } finally {
    clearInterval(source);
    await browser.close();
    await server.close();
    rmSync(settingsFolder, { recursive: true, force: true });
  }
}

/** The same stream on two pages of one browser, one after the other. */
async function glassToGlass(bench: Bench, length: Length): Promise<Sample> {
  const { url, browser } = bench;
  const stream = `${url}/camera_0/live`;
  const viewer = await browser.newPage();
  await viewer.goto(`${stream}/viewer`);
  await viewer.waitForSelector('[data-state="streaming"]');
  const glass = await delays(bench, viewer, CANVAS, length);
  await viewer.close();
  const image = await browser.newPage();
  await image.goto(`${stream}/frames`);
  await image.evaluate(
    `document.body.appendChild(new Image()).src = ${JSON.stringify(stream)}; undefined`,
  );
  const img = await delays(bench, image, "document.images[0]", length);
  return {
    ...{ glass_p50_ms: at(glass, 0.5), glass_p99_ms: at(glass, 0.99), glass_frames: glass.length },
    ...{ img_p50_ms: at(img, 0.5), img_p99_ms: at(img, 0.99) },
  };
}

/** From each frame's capture until it was seen, ms, in order of size. */
async function delays(
  { capturedAt }: Bench,
  page: Page,
  picture: string,
  length: Length,
): Promise<number[]> {
  await page.evaluate(lookingFor(picture));
  await after(1000);
  await page.evaluate("globalThis.seenCodes.length = 0");
  const found: number[] = [];
  const end = performance.now() + SECONDS[length] * 1000;
  while (performance.now() < end) {
    await after(500); // well before a code comes again
    const seen = await page.evaluate<[number, number][]>("globalThis.seenCodes.splice(0)");
    for (const [code, time] of seen) {
      const captured = capturedAt.get(code);
      if (captured !== undefined && time >= captured) found.push(time - captured);
    }
  }
  return found.sort((a, b) => a - b);
}

/** All streams live on the dashboard's wall. */
async function wall({ url, browser, streams }: Bench, length: Length): Promise<Sample> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(`${url}/?view=wall`);
  while (streams.some(({ stats }) => stats.sentFrames < 30)) await after(50);
  const inspector = await page.context().newCDPSession(page);
  await inspector.send("Performance.enable");
  const heapBefore = await heap(page);
  const busyBefore = await metric("TaskDuration");
  const cpuBefore = process.cpuUsage();
  const sentBefore = streams.reduce((sum, { stats }) => sum + stats.sentFrames, 0);
  const begun = performance.now();
  const calls: number[] = [];
  while (performance.now() - begun < SECONDS[length] * 1000) {
    calls.push(await page.evaluate<number>(CALL));
    await after(100);
  }
  const seconds = (performance.now() - begun) / 1000;
  const busy = (await metric("TaskDuration")) - busyBefore;
  const { user, system } = process.cpuUsage(cpuBefore);
  const sent = streams.reduce((sum, { stats }) => sum + stats.sentFrames, 0) - sentBefore;
  return {
    page_busy: busy / seconds,
    server_busy: (user + system) / 1e6 / seconds,
    tile_fps: sent / seconds / streams.length,
    api_ms: at(
      calls.sort((a, b) => a - b),
      0.5,
    ),
    api_worst_ms: calls.at(-1) ?? -1,
    heap_gained_kb: ((await heap(page)) - heapBefore) / 1024,
  };

  async function metric(name: string): Promise<number> {
    const { metrics } = await inspector.send("Performance.getMetrics");
    return metrics.find((each) => each.name === name)?.value ?? 0;
  }

  async function heap(of: Page): Promise<number> {
    const session = await of.context().newCDPSession(of);
    await session.send("HeapProfiler.collectGarbage");
    const { usedSize } = await session.send("Runtime.getHeapUsage");
    await session.detach();
    return usedSize;
  }
}

const CALL = `(async () => {
  const begun = performance.now();
  await (await fetch("camera_0/live/state", { cache: "no-store" })).json();
  return performance.now() - begun;
})()`;

function at(sorted: readonly number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? -1;
}
