import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { logTo, ThingHost, ThingServer } from "thingscope";
import { MoonrakerBridge, type MoonrakerOptions } from "thingscope/moonraker";
import { TestCamera } from "thingscope/things";
import { packagePath } from "../../../src/base/package-root.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { eventually } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { freePort } from "../mqtt/mosquitto.ts";

test("a printer's Moonraker has the camera, with its newest address, until the server ends", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const url = await moonraker(t);
  const options = {
    server: url,
    webcams: { Nozzle: "camera/mjpeg_stream" },
    remove_at_end: true,
  };
  const first = await serverWith(t, options);
  const path = "/camera/mjpeg_stream";
  const webcam = await webcamAt(url, `${first.url}${path}`);
  assert.equal(webcam.name, "Nozzle");
  assert.equal(webcam.service, "mjpegstreamer");
  assert.equal(webcam.snapshot_url, `${first.url}${path}/snapshot`);
  await reachable(url);
  const second = await serverWith(t, { ...options, url: "http://pi-3.lab:5000" });
  await webcamAt(url, `http://pi-3.lab:5000${path}`);
  await second.server.close();
  assert.deepEqual(await webcamsAt(url), []);
});

test("a webcam of somebody else stays, delays no other, and is told of; one that is deleted comes again", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const url = await moonraker(t);
  const theirs = { name: "Nozzle", stream_url: "/webcam/?action=stream", snapshot_url: "" };
  await posted(url, theirs);
  const webcams = { Nozzle: "camera/mjpeg_stream", Bed: "camera/lores_mjpeg_stream" };
  const { lines, url: own } = await serverWith(t, { server: url, webcams });
  const bed = `${own}/camera/lores_mjpeg_stream`;
  await until(url, (all) => all.some(({ stream_url }) => stream_url === bed));
  const kept = (await webcamsAt(url)).find(({ name }) => name === "Nozzle");
  assert.equal(kept?.stream_url, theirs.stream_url);
  const isTold = /already has a webcam 'Nozzle' that is not this server's .* Give yours another/;
  await eventually(() => lines.some((line) => isTold.test(line)));
  for (const name of ["Nozzle", "Bed"]) await deleted(url, name);
  await until(url, (all) => all.length === 2);
});

test("a stream that is not there, and a Moonraker that is not, are told of in a sentence", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const url = await moonraker(t);
  const wrong = await serverWith(t, { server: url, webcams: { Nozzle: "camera/live" } });
  await eventually(() => wrong.lines.some((line) => /has no stream 'live'/.test(line)));
  const server = `http://127.0.0.1:${await freePort()}`;
  const webcams = { Nozzle: "camera/mjpeg_stream" };
  const silent = await serverWith(t, { server, webcams });
  await eventually(() =>
    silent.lines.some((line) => /does not answer \(.*ECONNREFUSED/.test(line)),
  );
  assert.deepEqual(await webcamsAt(url), []);
});

test("where this machine is not trusted, Moonraker's key from a file opens", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const folder = await temporaryFolder("thingscope-moonraker-");
  const url = await moonraker(t, folder);
  const response = await fetch(`${url}/access/api_key`);
  const { result } = (await response.json()) as { result: string };
  await writeFile(
    join(folder, "config", "moonraker.conf"),
    configFor(new URL(url).port, folder, "10.9.9.9"),
  );
  await fetch(`${url}/server/restart`, { method: "POST" });
  const signal = patience();
  while ((await statusOf(url)) !== 401) signal.throwIfAborted();
  const api_key_file = join(folder, "key");
  await writeFile(api_key_file, "wrong\n");
  const webcams = { Nozzle: "camera/mjpeg_stream" };
  const { lines } = await serverWith(t, { server: url, webcams, api_key_file });
  await eventually(() => lines.some((line) => /answered 401 .*api_key_file/.test(line)));
  await writeFile(api_key_file, `${result}\n`);
  await eventually(() => lines.some((line) => /as webcam 'Nozzle'/.test(line)));
});

interface Webcam {
  readonly name: string;
  readonly service: string;
  readonly stream_url: string;
  readonly snapshot_url: string;
}

async function serverWith(t: TestContext, options: MoonrakerOptions) {
  const folder = await temporaryFolder();
  const lines: string[] = [];
  const host = new ThingHost({ settingsFolder: folder, log: logTo((_, line) => lines.push(line)) });
  host.add("camera", new TestCamera());
  const bridge = new MoonrakerBridge(options, { folder, log: host.log, checkMs: 200 });
  const server = new ThingServer(host, { bridges: [bridge] });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  return { server, url, lines };
}

async function posted(url: string, webcam: object): Promise<void> {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(webcam);
  const response = await fetch(`${url}/server/webcams/item`, { method: "POST", headers, body });
  assert.ok(response.ok, await response.text());
}

async function deleted(url: string, name: string): Promise<void> {
  const response = await fetch(`${url}/server/webcams/item?name=${name}`, { method: "DELETE" });
  assert.ok(response.ok, await response.text());
}

async function until(url: string, fits: (all: readonly Webcam[]) => boolean): Promise<void> {
  const signal = patience();
  while (!fits(await webcamsAt(url))) signal.throwIfAborted();
}

async function webcamsAt(url: string): Promise<Webcam[]> {
  const response = await fetch(`${url}/server/webcams/list`);
  return ((await response.json()) as { result: { webcams: Webcam[] } }).result.webcams;
}

/** The webcam of an address, which is told a moment after the server listens. */
async function webcamAt(url: string, stream: string): Promise<Webcam> {
  const signal = patience();
  for (;;) {
    signal.throwIfAborted();
    const webcams = await webcamsAt(url);
    const found = webcams.find(({ stream_url }) => stream_url === stream);
    if (found) {
      assert.equal(webcams.length, 1);
      return found;
    }
  }
}

/** Resolves when Moonraker itself has fetched a picture, for which it takes a second at most. */
async function reachable(url: string): Promise<void> {
  const signal = patience();
  for (;;) {
    const response = await fetch(`${url}/server/webcams/test?name=Nozzle`, { method: "POST" });
    const text = await response.text();
    if (text.includes('"snapshot_reachable":true')) return;
    assert.ok(!signal.aborted, text);
  }
}

/** A real Moonraker, without a printer. */
async function moonraker(t: TestContext, at?: string): Promise<string> {
  const folder = at ?? (await temporaryFolder("thingscope-moonraker-"));
  const port = await freePort();
  await mkdir(join(folder, "config"));
  await writeFile(
    join(folder, "config", "moonraker.conf"),
    configFor(String(port), folder, "127.0.0.1"),
  );
  const command = packagePath(".moonraker", "bin", "moonraker");
  const child = spawn(command, ["-d", folder, "-n"], { stdio: "ignore" });
  await once(child, "spawn").catch(() => {
    throw new Error("moonraker is missing. Install it with: scripts/setup --house");
  });
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  const signal = patience();
  while ((await statusOf(url)) !== 200) signal.throwIfAborted();
  return url;
}

/** How Moonraker answers; undefined while it does not. */
async function statusOf(url: string): Promise<number | undefined> {
  const response = await fetch(`${url}/server/info`).catch(() => undefined);
  await response?.arrayBuffer();
  return response?.status;
}

function configFor(port: string, folder: string, trusted: string): string {
  return `[server]
host: 127.0.0.1
port: ${port}
klippy_uds_address: ${folder}/klippy.sock
[authorization]
trusted_clients:
    ${trusted}
[machine]
provider: none
validate_service: False
`;
}
