// F41: a changed configuration is taken into the server that runs; one that cannot be used changes nothing.
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { ConfigFile } from "../../src/cli/config-schema.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, type Served, serveCli, serveWith } from "./run-cli.ts";

const THINGS = `
import { delay, MJPEGStream, property, slot, stream, Thing } from "thingscope";
import { feed, renderSvg } from "thingscope/frames";
import { Type } from "typebox";
const jpeg = await renderSvg('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"/>', { width: 32, height: 32 });
async function* pictures(signal) { for (; ; await delay(20, signal)) yield { jpeg }; }
export class Eye extends Thing {
  @stream("Pictures") live = new MJPEGStream();
  #feeding = feed(this.live, { frames: pictures });
  close() { return this.#feeding.stop(); }
}
export class Lamp extends Thing {
  @property("Power", Type.Number()) accessor power = 1;
  constructor({ power = 1 } = {}) { super(); this.power = power; }
}
export class Panel extends Thing {
  @slot("Its lamp", Lamp) accessor lamp;
  @property("Power of the lamp", Type.Number(), { readOnly: true }) get power() { return this.lamp.power; }
}
`;

const lab = (...lines: string[]) => ["things:", "  eye: things.ts:Eye", ...lines, ""].join("\n");
const lamp = (power: number) => `  lamp: { class: "things.ts:Lamp", kwargs: { power: ${power} } }`;
const PANEL = "  panel: things.ts:Panel";

/** What is no default, of every key that a configuration may have. */
const RESTARTED: Record<Exclude<keyof ConfigFile, "things">, string> = {
  settings_folder: "elsewhere",
  api_prefix: "/api",
  enable_global_lock: "true",
  global_lock_log_level: "ERROR",
  invocations: "{ max_running: 3 }",
  application_config: "{ a: 1 }",
  allowed_origins: '["https://lab.example"]',
  allowed_hosts: '["lab.example"]',
  trusted_proxies: '["10.0.0.0/8"]',
  login: "true",
  tls: "auto",
  webhooks: "{ allowed_hosts: [lab.example] }",
  end_when_blocked_s: "60",
  fleet: "{ servers: ['nats://127.0.0.1:4222'], name: one }",
  mqtt: "{ broker: 'mqtt://127.0.0.1:1883' }",
  moonraker: "{ server: 'http://127.0.0.1:7125', webcams: { Nozzle: camera/mjpeg_stream } }",
  mdns: "true",
};

async function read(server: Served, path: string): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`);
  return response.ok ? response.json() : response.status;
}

test("SIGHUP takes a changed configuration: what did not change keeps its viewers, what is wrong is refused with its line", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({ "things.ts": THINGS, "lab.yaml": lab(lamp(1), PANEL) });
  const server = await serveCli(t, folder, "lab.yaml");
  const viewer = await fetch(`${server.url}/eye/live`);
  const picture = viewer.body!.getReader();
  assert.equal(await read(server, "/panel/power"), 1);

  let reloads = 0;
  const reload = async (text: string): Promise<string> => {
    await writeFile(join(folder, "lab.yaml"), text);
    const isAnswer = ({ msg }: { msg: string }) =>
      /^The configuration was (not )?reloaded/.test(msg);
    server.child.kill("SIGHUP");
    reloads += 1;
    await server.told(() => server.lines.filter(isAnswer).length >= reloads);
    return server.lines.filter(isAnswer).at(-1)!.msg;
  };
  const stillSeen = async () => assert.equal((await picture.read()).done, false);

  for (const [text, words] of [
    [lab(lamp(2), "  other: ["), /lab\.yaml:\d+/],
    [`${lab(lamp(2), PANEL)}colour: red\n`, /lab\.yaml:5: There is no key 'colour'/],
    [`${lab(lamp(2), PANEL)}mdns: 7\n`, /lab\.yaml:5: 'mdns' must be/],
    [lab(lamp(2), PANEL, "  ghost: ghost.ts:Ghost"), /lab\.yaml:5: There is no module/],
  ] as const) {
    const msg = await reload(text);
    assert.match(msg, /^The configuration was not reloaded, and the previous one stays in use: /);
    assert.match(msg, words);
    assert.deepEqual(
      [await read(server, "/lamp/power"), await read(server, "/panel/power")],
      [1, 1],
    );
    await stillSeen();
  }

  assert.match(
    await reload(lab(lamp(3), PANEL, "  spare: things.ts:Eye")),
    /opened lamp, panel, spare\.$|opened panel, lamp, spare\.$/,
  );
  // A Thing with a changed one in its slot is made anew with it.
  assert.deepEqual([await read(server, "/lamp/power"), await read(server, "/panel/power")], [3, 3]);
  assert.equal(await read(server, "/nobody/power"), 404);
  assert.ok("spare" in ((await read(server, "/things/")) as object));
  await stillSeen();

  assert.match(await reload(lab()), /nothing opened, closed lamp, panel, spare\./);
  assert.equal(await read(server, "/lamp/power"), 404);
  await stillSeen();

  const others = Object.entries(RESTARTED).map(([key, value]) => `${key}: ${value}\n`);
  assert.match(await reload(lab() + others.join("")), /was reloaded: nothing opened\.$/);
  const { msg: fixed } = await server.told(({ msg }) => msg.includes("cannot change"));
  const [named = "", after] = fixed.split(" cannot change while the server runs");
  assert.equal(after, ". Restart it for that.");
  assert.deepEqual(named.split(", ").sort(), Object.keys(RESTARTED).sort());
  await stillSeen();
  await picture.cancel();
  assert.equal(await server.stop(), 0);
});

test("a Thing that had failed is tried again at each reload, and the log says so", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "things.ts": `${THINGS}
import { existsSync } from "node:fs";
export class Cable extends Thing {
  open() { if (!existsSync("cable")) throw new Error("The cable is out."); }
}`,
    "lab.yaml": lab("  cable: things.ts:Cable"),
  });
  const server = await serveCli(t, folder, "lab.yaml");
  await server.told(({ msg }) => msg === "cable  Cable  failed: The cable is out.");
  await writeFile(join(folder, "cable"), "");
  server.child.kill("SIGHUP");
  await server.told(
    ({ msg }) => msg === "The configuration was reloaded: nothing opened, tried again cable.",
  );
  const health = await fetch(`${server.url}/health`);
  assert.equal(((await health.json()) as { status: string }).status, "ok");
  assert.equal(await server.stop(), 0);
});

test("SIGHUP while the Things are still being loaded ends nothing: the configuration is read again once they are served", {
  timeout: TEST_MS,
}, async (t) => {
  const slow = `${THINGS}
import { existsSync, writeFileSync } from "node:fs";
writeFileSync("loading", "");
while (!existsSync("loaded")) await delay(20);`;
  const folder = await folderWith({ "things.ts": slow, "lab.yaml": lab() });
  const onSpawn = (child: ChildProcess) => {
    const looking = setInterval(() => {
      if (!existsSync(join(folder, "loading"))) return;
      clearInterval(looking);
      writeFileSync(join(folder, "lab.yaml"), lab(lamp(4)));
      child.kill("SIGHUP");
      setTimeout(() => writeFileSync(join(folder, "loaded"), ""), 500); // the signal has been taken
    }, 20);
    t.after(() => clearInterval(looking));
  };
  const server = await serveWith(t, { folder, env: {}, onSpawn }, "lab.yaml");
  await server.told(({ msg }) => msg === "The configuration was reloaded: opened lamp.");
  assert.equal(await read(server, "/lamp/power"), 4);
  assert.equal(await server.stop(), 0);
});
