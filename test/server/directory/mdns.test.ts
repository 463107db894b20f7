import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { logTo, ThingHost, ThingServer } from "thingscope";
import {
  Announcement,
  type Multicast,
  type MulticastService,
  wotServices,
} from "../../../src/server/directory/mdns.ts";
import { Elapsed } from "../../elapsed.ts";
import { TEST_MS } from "../../limits.ts";

/** What would be sent, in order. */
function recorded(): { multicast: Multicast; said: (string | MulticastService)[] } {
  const said: (string | MulticastService)[] = [];
  const multicast: Multicast = {
    publish: (service) => said.push(service),
    unpublishAll: async () => void said.push("goodbye"),
    destroy: async () => void said.push("end"),
  };
  return { multicast, said };
}

test("each Thing is announced with the path of its description, and their directory with its subtype", async () => {
  const services = wotServices(["camera", "stage"], {
    prefix: "/api/v3",
    port: 5000,
    machine: "Scope.lab.example",
  });
  const common = { type: "wot", port: 5000, host: "scope.local" };
  assert.deepEqual(services, [
    {
      ...common,
      name: "Things on scope:5000",
      txt: { td: "/.well-known/wot", type: "Directory" },
      subtypes: ["directory"],
    },
    {
      ...common,
      name: "camera on scope:5000",
      txt: { td: "/api/v3/camera/", type: "Thing" },
      subtypes: [],
    },
    {
      ...common,
      name: "stage on scope:5000",
      txt: { td: "/api/v3/stage/", type: "Thing" },
      subtypes: [],
    },
  ]);
  for (const { txt } of services) assert.deepEqual(Object.keys(txt), ["td", "type"]);
});

test("the scheme is told where it is not http; a long name keeps the end that makes it unique", () => {
  const [, thing] = wotServices(["camera".repeat(20)], {
    prefix: "",
    port: 5000,
    secure: true,
    machine: "scope",
  });
  assert.deepEqual(Object.keys(thing!.txt), ["td", "type", "scheme"]);
  assert.equal(thing!.name.length, 63);
  assert.match(thing!.name, /^cameracameracameraca~.* on scope:5000$/);
});

test("whoever stops says goodbye before the end, and waits for it half a second at most", {
  timeout: TEST_MS,
}, async () => {
  const services = wotServices(["camera"], { prefix: "", port: 5000, machine: "scope" });
  const { multicast, said } = recorded();
  const announcement = new Announcement(multicast, services);
  await announcement.stop();
  assert.deepEqual(said, [...services, "goodbye", "end"]);

  const stuck = recorded();
  const deaf = { ...stuck.multicast, unpublishAll: () => new Promise<void>(() => {}) };
  const began = new Elapsed();
  await new Announcement(deaf, services).stop();
  assert.ok(began.ms < 1500);
  assert.equal(stuck.said.at(-1), "end");
});

test("a server that only this machine reaches is not announced, and says so", {
  timeout: TEST_MS,
}, async () => {
  const warnings: string[] = [];
  const host = new ThingHost({
    settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")),
    log: logTo((level, message) => {
      if (level === "warn") warnings.push(message);
    }),
  });
  const server = new ThingServer(host, { mdns: true });
  await server.listen({ port: 0 });
  await server.close();
  assert.match(warnings.join("\n"), /are not announced .* '127\.0\.0\.1'.* --lan\b/);
});
