import { setTimeout as after } from "node:timers/promises";
import type { Page } from "playwright-core";
import type { Sample } from "../load.ts";
import { cpuSeconds } from "../programs.ts";
import type { Length } from "../row.ts";
import { at, type Cameras, launchBrowser, SECONDS, startCameras } from "./browser.ts";

const CALL = `(async () => {
  const begun = performance.now();
  await (await fetch("camera_0/live/state", { cache: "no-store" })).json();
  return performance.now() - begun;
})()`;

/** Frames a second of each tile; -1 where there is none yet. */
const RATES = `[...document.querySelector("dashboard-page").shadowRoot.querySelector("wall-view").shadowRoot
  .querySelectorAll("camera-view")].map((tile) => tile.live.report?.rate ?? -1)`;

/** All streams live on the dashboard's wall. */
export async function wall(cameras: Cameras, length: Length): Promise<Sample> {
  const { url, running } = await startCameras(cameras);
  const browser = await launchBrowser();
  try {
    const alone = cpuSeconds(running.pid);
    await after(1000);
    const sources = cpuSeconds(running.pid) - alone;
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto(`${url}/?view=wall`);
    const rates = () => page.evaluate<number[]>(RATES).catch(() => []);
    for (let now = await rates(); now.length < cameras.count || Math.min(...now) <= 0; ) {
      await after(100);
      now = await rates();
    }
    return { sources_busy: sources, ...(await measured(page, running.pid, length)) };
  } finally {
    await browser.close();
    await running.stop();
  }
}

async function measured(page: Page, server: number, length: Length): Promise<Sample> {
  const inspector = await page.context().newCDPSession(page);
  await inspector.send("Performance.enable");
  const heapBefore = await heap();
  const busyBefore = await metric("TaskDuration");
  const cpuBefore = cpuSeconds(server);
  const begun = performance.now();
  const calls: number[] = [];
  while (performance.now() - begun < SECONDS[length] * 1000) {
    calls.push(await page.evaluate<number>(CALL));
    await after(100);
  }
  const seconds = (performance.now() - begun) / 1000;
  const busy = (await metric("TaskDuration")) - busyBefore;
  const cpu = cpuSeconds(server) - cpuBefore;
  const rates = await page.evaluate<number[]>(RATES);
  calls.sort((a, b) => a - b);
  return {
    ...{ page_busy: busy / seconds, server_busy: cpu / seconds },
    tile_fps: rates.reduce((sum, rate) => sum + rate, 0) / rates.length,
    ...{ api_ms: at(calls, 0.5), api_worst_ms: calls.at(-1) ?? -1 },
    heap_gained_kb: ((await heap()) - heapBefore) / 1024,
  };

  async function metric(name: string): Promise<number> {
    const { metrics } = await inspector.send("Performance.getMetrics");
    return metrics.find((each) => each.name === name)?.value ?? 0;
  }

  async function heap(): Promise<number> {
    await inspector.send("HeapProfiler.collectGarbage");
    return (await inspector.send("Runtime.getHeapUsage")).usedSize;
  }
}
