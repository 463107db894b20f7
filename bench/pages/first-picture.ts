import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { WebSocket } from "ws";
import type { Sample } from "../load.ts";
import type { Length } from "../row.ts";
import { at, chromiumProgram, startCameras } from "./browser.ts";

const LOADS: Record<Length, number> = { smoke: 1, short: 5, full: 20 };
const PATIENCE_MS = 30_000;

/** Notes in a page when its picture and its controls are there, ms from the beginning of the navigation. */
const LOOKING = `(() => {
  const seen = (globalThis.seen = {});
  const look = () => {
    const bench = document.querySelector("dashboard-page")?.shadowRoot?.querySelector("bench-view")?.shadowRoot;
    const canvas = bench?.querySelector("camera-view")?.shadowRoot?.querySelector("canvas.picture");
    if (canvas?.width > 4) seen.picture ??= performance.now();
    if (bench?.querySelector("instrument-cards")?.shadowRoot?.querySelector("section")) seen.controls ??= performance.now();
    if (!(seen.picture && seen.controls)) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})()`;

/** The dashboard of a running server in browsers that have nothing in their cache, one after the other. */
export async function firstPicture(length: Length): Promise<Sample> {
  const { url, running } = await startCameras({ count: 1, width: 640, height: 480 });
  try {
    const loads: Seen[] = [];
    for (let n = 0; n < LOADS[length]; n++) loads.push(await load(url));
    const sorted = (times: number[]) => times.sort((a, b) => a - b);
    const pictures = sorted(loads.map(({ picture }) => picture));
    return {
      ...{ picture_ms: at(pictures, 0.5), picture_worst_ms: pictures.at(-1) ?? -1 },
      controls_ms: at(sorted(loads.map(({ controls }) => controls)), 0.5),
    };
  } finally {
    await running.stop();
  }
}

interface Seen {
  readonly picture: number;
  readonly controls: number;
}

/** By the browser's own protocol: Playwright has every request told, which costs more than the requests. */
async function load(url: string): Promise<Seen> {
  const profile = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const options = ["--headless", "--no-sandbox", "--no-first-run", "--window-size=1440,900"];
  const own = ["--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
  const browser = spawn(chromiumProgram(), [...options, ...own], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = new Promise((resolve) => browser.once("close", resolve));
  try {
    const socket = new WebSocket(await debuggerOf(browser.stderr));
    await new Promise((resolve) => socket.once("open", resolve));
    const call = callsOf(socket);
    const { targetId } = await call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await call("Target.attachToTarget", { targetId, flatten: true });
    await call("Page.enable", {}, sessionId);
    await call("Page.addScriptToEvaluateOnNewDocument", { source: LOOKING }, sessionId);
    await call("Page.navigate", { url }, sessionId);
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      await after(500); // whoever asks often delays what is asked for
      const expression = "JSON.stringify(globalThis.seen)";
      const { result } = await call("Runtime.evaluate", { expression }, sessionId);
      const { picture = 0, controls = 0 } = JSON.parse(String(Object(result).value ?? "{}"));
      if (picture && controls) return { picture, controls };
      if (performance.now() > deadline) throw new Error(`${url} shows no picture in a browser.`);
    }
  } finally {
    browser.kill();
    await ended;
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function debuggerOf(output: NodeJS.ReadableStream): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    output.on("data", (chunk) => {
      text += chunk;
      const [, address] = /DevTools listening on (ws:\S+)/.exec(text) ?? [];
      if (address) resolve(address);
    });
  });
}

type Answer = Readonly<Record<string, unknown>>;

function callsOf(socket: WebSocket) {
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data));
    waiting.get(id)?.(Object(result));
    waiting.delete(id);
  });
  return (method: string, params: object, sessionId?: unknown): Promise<Answer> =>
    new Promise((resolve) => {
      waiting.set(++last, resolve);
      socket.send(JSON.stringify({ id: last, method, params, sessionId }));
    });
}
