import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { MoonrakerBridge, type MoonrakerOptions } from "thingscope/moonraker";
import { TestCamera } from "thingscope/things";
import { packagePath } from "../../../src/base/package-root.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
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

interface Webcam {
  readonly name: string;
  readonly service: string;
  readonly stream_url: string;
  readonly snapshot_url: string;
}

async function serverWith(t: TestContext, options: MoonrakerOptions) {
  const folder = await temporaryFolder();
  const host = new ThingHost({ settingsFolder: folder });
  host.add("camera", new TestCamera());
  const bridge = new MoonrakerBridge(options, { folder, log: host.log });
  const server = new ThingServer(host, { bridges: [bridge] });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  return { server, url };
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
async function moonraker(t: TestContext): Promise<string> {
  const folder = await temporaryFolder("thingscope-moonraker-");
  const port = await freePort();
  await mkdir(join(folder, "config"));
  await writeFile(join(folder, "config", "moonraker.conf"), configFor(port, folder));
  const command = packagePath(".moonraker", "bin", "moonraker");
  const child = spawn(command, ["-d", folder, "-n"], { stdio: "ignore" });
  await once(child, "spawn").catch(() => {
    throw new Error("moonraker is missing. Install it with: scripts/setup --house");
  });
  t.after(() => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  const signal = patience();
  for (;;) {
    signal.throwIfAborted();
    const response = await fetch(`${url}/server/info`).catch(() => undefined);
    if (response?.ok) return url;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function configFor(port: number, folder: string): string {
  return `[server]
host: 127.0.0.1
port: ${port}
klippy_uds_address: ${folder}/klippy.sock
[authorization]
trusted_clients:
    127.0.0.1
[machine]
provider: none
validate_service: False
`;
}
