import { mkdtempSync, rmSync } from "node:fs";
import { type ClientRequest, get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { residentKb, start } from "../programs.ts";
import type { KindName, Row } from "../row.ts";
import { SERVER_CORE, untilItPrints } from "../servers.ts";

const STARTS = 5;
const PICTURE_PATIENCE_MS = 60_000;
/** A server rests this long after it has listened, before its memory is looked at. */
const REST_MS = 3000;
/** A listening node:http server: what Node itself takes. */
const NODE_ALONE =
  'const s = require("http").createServer().listen(0, () => console.log("http://127.0.0.1:" + s.address().port));';

export const START_ROWS: readonly Row[] = [
  {
    ...{
      id: "T1",
      group: "start",
      title: "a process is started, until it listens; its memory at rest",
    },
    ...{ kinds: ["limit", "ours"], steadyFigure: "listening_ms", isInSmoke: true },
    measure: (kind, length) =>
      medians(length === "smoke" ? 1 : STARTS, () => startOnce(kind, false)),
  },
  {
    ...{
      id: "T2",
      group: "start",
      title: "the simulated microscope is started, until a viewer has its first picture whole",
    },
    ...{ kinds: ["ours"], steadyFigure: "first_picture_ms" },
    measure: (kind, length) =>
      medians(length === "smoke" ? 1 : STARTS, () => startOnce(kind, true)),
  },
  {
    ...{
      id: "T3",
      group: "start",
      title: "memory of the simulated microscope at rest, and then with one viewer",
    },
    ...{ kinds: ["ours"], steadyFigure: "rest_rss_kb", isInSmoke: true },
    measure: (_, length) => medians(length === "smoke" ? 1 : STARTS, memoryOnce),
  },
];

function startOnce(kind: KindName, isWatched: boolean): Promise<Sample> {
  const began = performance.now();
  return served(kind, async (address, pid) => {
    const listening_ms = performance.now() - began;
    if (isWatched) {
      (await firstPicture(`${address}/camera/mjpeg_stream`)).destroy();
      return { listening_ms, first_picture_ms: performance.now() - began };
    }
    await after(REST_MS);
    return { listening_ms, rss_kb: residentKb(pid) };
  });
}

function memoryOnce(): Promise<Sample> {
  return served("ours", async (address, pid) => {
    await after(REST_MS);
    const rest_rss_kb = residentKb(pid);
    const viewer = await firstPicture(`${address}/camera/mjpeg_stream`);
    await after(REST_MS);
    const watched_rss_kb = residentKb(pid);
    viewer.destroy();
    return { rest_rss_kb, watched_rss_kb };
  });
}

/** What the command of an installed package serves without a configuration, the simulated microscope, while `use` looks at it. */
async function served(
  kind: KindName,
  use: (address: string, pid: number) => Promise<Sample>,
): Promise<Sample> {
  const settings = mkdtempSync(join(tmpdir(), "thingscope-bench-"));
  const main = packagePath("dist", "bundle", "src", "cli", "main.js");
  const serve = [main, "serve", "--port", "0", "--settings", settings];
  const running = start(SERVER_CORE, [
    process.execPath,
    ...(kind === "limit" ? ["-e", NODE_ALONE] : serve),
  ]);
  try {
    const address = await untilItPrints(running, /(http:\/\/127\.0\.0\.1:\d+)/);
    return await use(address, running.pid);
  } finally {
    await running.stop();
    rmSync(settings, { recursive: true, force: true });
  }
}

/** Resolves when the first part of a stream has come whole: a browser shows it then. The viewer reads on until it is destroyed. */
function firstPicture(url: string): Promise<ClientRequest> {
  return new Promise((resolve, reject) => {
    const request = get(url, { signal: AbortSignal.timeout(PICTURE_PATIENCE_MS) }, (response) => {
      let held: Buffer[] | undefined = [];
      response.on("error", reject);
      response.on("data", (chunk: Buffer) => {
        held?.push(chunk);
        if (!held || !hasWholePart(Buffer.concat(held))) return;
        held = undefined;
        resolve(request);
      });
    });
    request.on("error", reject);
  });
}

function hasWholePart(bytes: Buffer): boolean {
  const head = bytes.indexOf("\r\n\r\n");
  const length = Number(/Content-Length: (\d+)/i.exec(bytes.toString("latin1", 0, head))?.[1]);
  return head >= 0 && bytes.length >= head + 4 + length;
}

/** Starts several times. @returns The median of each figure. */
async function medians(count: number, once: () => Promise<Sample>): Promise<Sample> {
  const samples: Sample[] = [];
  for (let n = 0; n < count; n++) samples.push(await once());
  const middle = (name: string) =>
    samples.map((sample) => sample[name] ?? 0).sort((a, b) => a - b)[count >> 1] ?? 0;
  return Object.fromEntries(Object.keys(samples[0] ?? {}).map((name) => [name, middle(name)]));
}
