import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { WebSocket } from "ws";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { microscopeFor } from "../server/demo-server.ts";
import { framesClient } from "../server/websocket/frames-client.ts";
import { twoStreams } from "../server/websocket/two-streams.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { openPage } from "./chromium.ts";
import { proxyFor } from "./proxy-programs.ts";

const timeout = TEST_MS;
const FRAMES = 60;

const p95 = (ages: readonly number[]) => {
  const sorted = ages.slice(-FRAMES).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN;
};

/** Every address that a JSON text leads to. */
function linksIn(text: string): string[] {
  const found: string[] = [];
  JSON.parse(text, (key, value) => {
    if (key === "href" && typeof value === "string") found.push(value);
    return value;
  });
  return found;
}

for (const name of ["nginx", "caddy"] as const) {
  test(`F19: behind ${name} with its usual buffering frames are at most 100 ms older`, {
    timeout,
  }, async (t) => {
    const { port } = await microscopeFor(t);
    const proxy = await proxyFor(t, name, port);
    const direct = new HealthyViewer(port, "/camera/mjpeg_stream");
    const behind = new HealthyViewer(proxy.port, "/scope/camera/mjpeg_stream", "1.0");
    t.after(() => {
      direct.socket.destroy();
      behind.socket.destroy();
    });
    await eventually(() => direct.received >= FRAMES && behind.received >= FRAMES);
    const added = p95(behind.ages) - p95(direct.ages);
    t.diagnostic(`${name} adds ${added.toFixed(1)} ms to the age that 95 of 100 frames have`);
    assert.ok(added <= 100, `${added} ms`);
  });

  test(`behind ${name} with a prefix every link, the WebSocket, events and pages work`, {
    timeout,
  }, async (t) => {
    const { port } = await microscopeFor(t);
    const { url } = await proxyFor(t, name, port);
    await followLinks(url);
    await talkBySocket(url);
    await hearEvents(url);
    await usePages(t, url);
  });
}

test("behind nginx with 'Host $host' the server's own pages may operate it", {
  timeout,
}, async (t) => {
  const { port } = await microscopeFor(t);
  const change = (text: string) =>
    text.replace(
      "Host $http_host;\n    proxy_set_header X-Forwarded-Host $http_host",
      "Host $host",
    );
  const { url } = await proxyFor(t, "nginx", port, change);
  await usePages(t, url);
});

test("behind nginx clients of /frames that read nothing and acknowledge all the same cost no memory, and a viewer has each newest frame", {
  timeout,
}, async (t) => {
  const { url, live } = await twoStreams(t);
  const proxy = await proxyFor(t, "nginx", Number(new URL(url).port));
  const clients = await Promise.all(Array.from({ length: 5 }, () => framesClient(t, proxy.url)));
  for (const client of clients) {
    client.subscribe(1, "camera/live");
    await client.status(1, "opening");
  }
  const [viewer, ...hostile] = clients;
  for (const { socket } of hostile) socket.pause();
  const large = picture(7, 4_000_000);
  const show = async () => {
    live.addFrame(large);
    for (const client of hostile) for (let n = 0; n < 5; n++) client.taken(1);
    const indices = new Set<number | undefined>();
    while (!indices.has(live.lastFrameIndex)) indices.add((await viewer!.frame()).index);
    indices.delete(undefined); // of further pieces
    assert.deepEqual([...indices], [live.lastFrameIndex], "nothing older comes first");
    viewer!.taken(1);
  };
  let filled = 0; // what kernels hold is filled first: then nothing that is sent to the others leaves
  while (filled < 5) {
    const { sentFrames } = live.stats;
    await show();
    filled = live.stats.sentFrames === sentFrames + 1 ? filled + 1 : 0;
  }
  const before = memoryOf(proxy.pid);
  for (let n = 0; n < 20; n++) await show();
  const grown = memoryOf(proxy.pid) - before;
  t.diagnostic(
    `nginx holds ${(before / 1e6).toFixed(1)} MB, ${(grown / 1e6).toFixed(1)} MB more after 20 frames`,
  );
  assert.ok(memoryOf(proxy.pid) < 64e6 && grown < 4e6, `nginx: ${before} bytes, and ${grown}`);
  for (const { socket } of hostile) socket.resume();
  for (const client of hostile) await client.frame();
});

/** Resident bytes of a process. */
function memoryOf(pid: number): number {
  return 1024 * Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}

/** Each description leads to properties that are there. */
async function followLinks(url: string): Promise<void> {
  const description = JSON.parse(await (await fetch(`${url}/stage/`)).text());
  const { base, properties } = description;
  assert.equal(base, `${url}/`);
  const { href } = properties.position.forms[0];
  const read = await fetch(new URL(href, base));
  assert.deepEqual(Object.keys(JSON.parse(await read.text())), ["x", "y", "z"]);
  const list = await (await fetch(`${url}/thing_descriptions/`)).text();
  for (const link of linksIn(list)) assert.match(link, /^((http|ws):\/\/[^/]+)?\/scope\//);
  const moved = await fetch(`${url}/stage`, { redirect: "manual" });
  assert.equal(new URL(moved.headers.get("location") ?? "", `${url}/stage`).href, `${url}/stage/`);
  const run = await fetch(`${url}/stage/move_relative`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ x: 1 }),
  });
  assert.equal(run.status, 201);
  const location = run.headers.get("location") ?? "";
  assert.ok(location.startsWith(`${url}/action_invocations/`), location);
  assert.equal((await fetch(location)).status, 200);
}

async function talkBySocket(url: string): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/stage/ws`);
  await once(socket, "open");
  const told = once(socket, "message");
  socket.send(JSON.stringify({ messageType: "addPropertyObservation", data: { moving: true } }));
  await fetch(`${url}/stage/move_relative`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ x: 1 }),
  });
  const [message] = await told;
  assert.equal(JSON.parse(String(message)).messageType, "propertyStatus");
  socket.close();
}

async function hearEvents(url: string): Promise<void> {
  const response = await fetch(`${url}/camera/mjpeg_stream/sizes`);
  const reader = response.body!.getReader();
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), /^event: mjpeg_stream_new_frame/m);
  await reader.cancel();
}

/** The first page shows a live picture, and may send a request that changes something; so do the API page and the viewer. */
async function usePages(t: TestContext, url: string): Promise<void> {
  const { page } = await openPage(t);
  const refused: string[] = [];
  page.on("response", (response) => {
    if (response.status() >= 400) refused.push(`${response.status()} ${response.url()}`);
  });
  await page.goto(`${url}/`);
  await page.locator("camera-view [data-state=streaming]").first().waitFor({ timeout: WAIT_MS });
  const status = await page.evaluate(
    `fetch("stage/backlash_steps", {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ x: 0, y: 0, z: 7 }),
    }).then((response) => response.status)`,
  );
  assert.equal(status, 204, "a page of this server may operate it");
  await page.goto(`${url}/docs`);
  await page.locator("api-operation").first().waitFor({ state: "attached", timeout: WAIT_MS });
  await page.goto(`${url}/camera/mjpeg_stream/viewer`);
  await page.locator("[data-state=streaming]").first().waitFor({ timeout: WAIT_MS });
  assert.deepEqual(refused, []);
}
