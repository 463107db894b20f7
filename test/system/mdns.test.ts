import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Bonjour, type Service } from "bonjour-service";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { TEST_MS } from "../limits.ts";

class Lamp extends Thing {}

const LOOPBACK = "127.0.0.1";

test("a browser of the network finds the Things and their directory, and hears when they go", {
  timeout: TEST_MS,
}, async (t) => {
  const options = { interface: LOOPBACK, bind: "0.0.0.0" };
  const bonjour: Bonjour = Reflect.construct(Bonjour, [options]);
  t.after(() => bonjour.destroy());
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("lamp", new Lamp());
  const server = new ThingServer(host, { mdns: LOOPBACK });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });

  const found = new Map<string, Service>();
  const browser = bonjour.find({ type: "wot" });
  const own = ({ port: of }: Service) => of === port;
  await new Promise<void>((resolve) => {
    browser.on("up", (service: Service) => {
      if (own(service)) found.set(service.name, service);
      if (found.size === 2) resolve();
    });
  });
  const short = hostname().split(".")[0]!.toLowerCase();
  const lamp = found.get(`lamp on ${short}:${port}`);
  assert.deepEqual(lamp?.txt, { td: "/lamp/", type: "Thing" });
  assert.equal(lamp?.host, `${short}.local`);
  const directory = found.get(`Things on ${short}:${port}`);
  assert.deepEqual(directory?.txt, { td: "/.well-known/wot", type: "Directory" });
  assert.deepEqual(directory?.subtypes, ["directory"]);
  for (const { txt } of found.values()) {
    const description = await fetch(`http://${LOOPBACK}:${port}${txt.td}`);
    assert.equal(description.headers.get("content-type"), "application/td+json");
    await description.body?.cancel();
  }

  const allGone = new Promise<void>((resolve) => {
    browser.on("down", ({ name }: Service) => {
      found.delete(name);
      if (found.size === 0) resolve();
    });
  });
  await server.close();
  await allGone;
});
