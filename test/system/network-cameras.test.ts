import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { listGenicam } from "../../src/discovery/network/genicam-list.ts";
import { browseServers } from "../../src/discovery/network/thingscope-servers.ts";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

class Eye extends Thing {
  @stream("Live view") readonly live = new MJPEGStream();
}

const LOOPBACK = "127.0.0.1";

test("the streams of another Thingscope server are found by multicast DNS", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder() });
  host.add("eye", new Eye());
  const server = new ThingServer(host, { mdns: LOOPBACK });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const address = `http://${LOOPBACK}:${port}/eye/live`;
  const limit = patience();
  for (;;) {
    limit.throwIfAborted();
    const { cameras } = await browseServers({ ms: 1000, signal: limit }, LOOPBACK);
    const own = cameras.find((camera) => new URL(camera.address).port === String(port));
    if (!own) continue; // the announcement is under way
    assert.deepEqual(
      [own.kind, own.title, own.config.kwargs.url],
      ["thingscope", "Eye", own.address],
    );
    assert.equal(new URL(own.address).pathname, new URL(address).pathname);
    break;
  }
});

test("a server that requires a login is told", {
  timeout: TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await temporaryFolder() });
  host.add("eye", new Eye());
  const server = new ThingServer(host, { mdns: LOOPBACK, login: {} });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const limit = patience();
  for (;;) {
    limit.throwIfAborted();
    const { cameras, note = "" } = await browseServers({ ms: 1000, signal: limit }, LOOPBACK);
    if (!note.includes(`:${port}`)) continue; // the announcement is under way
    assert.match(note, new RegExp(`http://\\S+:${port} requires a login: .*tokens create`));
    assert.ok(cameras.every(({ address }) => new URL(address).port !== String(port)));
    break;
  }
});

test("a GigE Vision camera is found by Aravis", { timeout: TEST_MS }, async (t) => {
  // As an ordinary user: with the right to open raw sockets it listens at another interface.
  const ordinary =
    process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--bounding-set=-all"] : [];
  const [program, ...args] = [...ordinary, "arv-fake-gv-camera-0.8", "-i", LOOPBACK];
  const camera = spawn(program!, args, { stdio: "ignore" });
  t.after(() => camera.kill("SIGKILL"));
  await once(camera, "spawn");
  const limit = patience();
  for (;;) {
    assert.equal(
      camera.exitCode,
      null,
      "arv-fake-gv-camera-0.8 ended: install it with scripts/setup",
    );
    limit.throwIfAborted();
    const { cameras, note } = await listGenicam({ ms: 5000 });
    assert.equal(note, undefined);
    const [found] = cameras;
    if (!found) continue; // it is still starting
    assert.deepEqual(found.config.kwargs, { camera: found.title });
    assert.match(found.title, /^Aravis-Fake/);
    break;
  }
});
