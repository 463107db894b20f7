import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import type { Browser, Page } from "playwright-core";
import { wallTime } from "../../src/base/clock.ts";
import { ThingHost } from "../../src/core/thing-host.ts";
import { ThingServer } from "../../src/server/thing-server.ts";
import { padded } from "../frames.ts";
import type { Sample } from "../load.ts";
import { BUILD_FOLDER } from "../programs.ts";
import type { KindName, Length } from "../row.ts";
import { kindNamed } from "../row.ts";
import { KINDS, startServer } from "../servers.ts";
import { BenchCamera } from "./bench-camera.ts";
import { at, launchBrowser, SECONDS } from "./browser.ts";
import { CODES, codedFrames, lookingFor } from "./coded-frames.ts";
import { type Shown, watchScreen } from "./screen.ts";

const FPS = 30;
const VIEWPORT = { width: 800, height: 600 };
const CANVAS = `document.querySelector("camera-view").shadowRoot.querySelector("canvas.picture")`;
const IMAGE = "document.images[0]";

/** When each code was captured, epoch ms, newest last. */
class Captures {
  readonly #times: (readonly [code: number, at: number])[] = [];

  add(code: number, time: number): void {
    this.#times.push([code, time]);
  }

  /** From capture until it was seen, ms, in order of size. A code comes again every two seconds. */
  delays(seen: readonly Shown[]): number[] {
    const found = seen.map(({ code, at: time }) => {
      const captured = this.#times.findLast(([its, when]) => its === code && when <= time);
      return captured && time - captured[1];
    });
    return found.filter((delay) => delay !== undefined).sort((a, b) => a - b);
  }
}

/** The same frames by `<camera-view>` and `<img>` of this server, and by an `<img>` of ustreamer, one after the other. */
export async function glassToGlass(kind: KindName, length: Length): Promise<Sample> {
  const frames = await framesOfOneLength();
  const browser = await launchBrowser();
  try {
    return kind === "ustreamer"
      ? await glassOfUstreamer(browser, frames, length)
      : await glassOfOurs(browser, frames, length);
  } finally {
    await browser.close();
  }
}

async function framesOfOneLength(): Promise<Buffer[]> {
  const frames = await codedFrames(640, 480);
  const length = Math.max(...frames.map((frame) => frame.length)) + 64;
  return frames.map((frame) => padded(frame, length));
}

async function glassOfOurs(browser: Browser, frames: Buffer[], length: Length): Promise<Sample> {
  const settingsFolder = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const host = new ThingHost({ settingsFolder });
  const camera = new BenchCamera();
  host.add("camera", camera);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  const captures = new Captures();
  let n = 0;
  const source = setInterval(() => {
    const code = ++n % CODES;
    captures.add(code, wallTime());
    camera.live.addFrame(frames[code]!);
  }, 1000 / FPS);
  try {
    const viewer = await browser.newPage({ viewport: VIEWPORT });
    await viewer.goto(`${url}/camera/live/viewer`);
    await viewer.waitForSelector('[data-state="streaming"]');
    const script = captures.delays(await seenByScript(viewer, CANVAS, length));
    const glass = captures.delays(await seenOnScreen(viewer, CANVAS, length));
    await viewer.close();
    const image = await imageOf(browser, `${url}/camera/live/frames`, `${url}/camera/live`);
    const imgScript = captures.delays(await seenByScript(image, IMAGE, length));
    const img = captures.delays(await seenOnScreen(image, IMAGE, length));
    return {
      ...{ glass_p50_ms: at(glass, 0.5), glass_p99_ms: at(glass, 0.99), frames: glass.length },
      ...{ img_p50_ms: at(img, 0.5), img_p99_ms: at(img, 0.99) },
      ...{ script_p50_ms: at(script, 0.5), script_p99_ms: at(script, 0.99) },
      ...{ img_script_p50_ms: at(imgScript, 0.5), img_script_p99_ms: at(imgScript, 0.99) },
    };
  } finally {
    clearInterval(source);
    await server.close();
    rmSync(settingsFolder, { recursive: true, force: true });
  }
}

/** It gets the frames from the camera shim, and its own viewer reads when each was due. */
async function glassOfUstreamer(
  browser: Browser,
  frames: Buffer[],
  length: Length,
): Promise<Sample> {
  const folder = join(BUILD_FOLDER, "frames");
  mkdirSync(folder, { recursive: true });
  const frame = join(folder, "coded.jpg");
  writeFileSync(frame, Buffer.concat(frames));
  process.env.FEED_PICTURES = String(CODES);
  const job = { frame, fps: FPS, offeredFps: FPS };
  const server = await startServer(kindNamed(KINDS, "ustreamer"), job).finally(() => {
    delete process.env.FEED_PICTURES;
  });
  const leaving = new AbortController();
  const captures = new Captures();
  const reading = readStamps(server.url, captures, leaving.signal).catch(() => {});
  try {
    const image = await imageOf(browser, new URL("/", server.url).href, server.url);
    const script = captures.delays(await seenByScript(image, IMAGE, length));
    const img = captures.delays(await seenOnScreen(image, IMAGE, length));
    return {
      ...{ glass_p50_ms: at(img, 0.5), glass_p99_ms: at(img, 0.99), frames: img.length },
      ...{ script_p50_ms: at(script, 0.5), script_p99_ms: at(script, 0.99) },
    };
  } finally {
    leaving.abort();
    await reading;
    await server.stop();
  }
}

async function readStamps(url: string, captures: Captures, signal: AbortSignal): Promise<void> {
  const { body } = await fetch(url, { signal });
  let rest = "";
  for await (const chunk of body ?? []) {
    rest += Buffer.from(chunk).toString("latin1");
    for (const [, time, sequence] of rest.matchAll(/TS=(\d+\.\d+) SEQ=(\d+)/g))
      captures.add(Number(sequence) % CODES, Number(time) * 1000);
    rest = rest.slice(Math.max(rest.lastIndexOf("SEQ=") + 14, rest.length - 64));
  }
}

/** An `<img>` alone on a page of the stream's origin, so that a script may read its pixels. */
async function imageOf(browser: Browser, page: string, stream: string): Promise<Page> {
  const opened = await browser.newPage({ viewport: VIEWPORT });
  await opened.goto(page, { waitUntil: "commit" });
  await opened.evaluate(`(() => {
    document.body.replaceChildren();
    document.body.appendChild(new Image()).src = ${JSON.stringify(stream)};
  })()`);
  return opened;
}

async function seenByScript(page: Page, picture: string, length: Length): Promise<Shown[]> {
  await page.evaluate(lookingFor(picture));
  await after(1000);
  await page.evaluate("globalThis.seenCodes.length = 0");
  await after(SECONDS[length] * 1000);
  const seen = await page.evaluate<[number, number][]>("globalThis.seenCodes.splice(0)");
  await page.evaluate("globalThis.stopLooking()");
  return seen.map(([code, time]) => ({ code, at: time }));
}

async function seenOnScreen(page: Page, picture: string, length: Length): Promise<Shown[]> {
  const [x = 0, y = 0, width = 0, height = 0] = await page.evaluate<number[]>(
    `(({ x, y, width, height }) => [x, y, width, height])(${picture}.getBoundingClientRect())`,
  );
  return watchScreen(page, { x, y, width, height }, SECONDS[length]);
}
