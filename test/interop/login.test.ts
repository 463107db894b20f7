import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { folderWith, runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { nodeWot } from "./node-wot.ts";
import { python } from "./programs.ts";
import { serveInstrument } from "./serving.ts";

const run = promisify(execFile);

/** A server with a login, and a token for it. */
async function serveWithLogin(t: Parameters<typeof serveInstrument>[0]) {
  const folder = await folderWith({});
  const { url } = await serveInstrument(t, { login: true, settings_folder: folder });
  const make = ["tokens", "create", "--role", "operate", "--settings", folder];
  return { url, token: (await runCli(folder, ...make)).stdout.trim() };
}

test("node-wot logs in by the Basic scheme of the Thing Description", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, token } = await serveWithLogin(t);
  const headers = { Authorization: `Bearer ${token}` };
  const description = JSON.parse(await (await fetch(`${url}/instrument/`, { headers })).text());
  const stranger = await nodeWot(t);
  await assert.rejects((await stranger.consume(description)).readProperty("gain"));
  const known = { [description.id]: { username: "node-wot", password: token } };
  const instrument = await (await nodeWot(t, known)).consume(description);
  await instrument.writeProperty("gain", 2.5);
  assert.equal(await (await instrument.readProperty("gain")).value(), 2.5);
  await instrument.invokeAction("ping");
  const heard = new EventEmitter();
  await instrument.subscribeEvent("moved", (output) => heard.emit("moved", output.value()));
  const [moved] = await Promise.all([
    once(heard, "moved"),
    instrument.invokeAction("move", { x: 7 }),
  ]);
  assert.deepEqual(await moved[0], { x: 7 });
});

test("labthings-fastapi's ThingClient logs in by HTTP Basic", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, token } = await serveWithLogin(t);
  const script = [
    "import httpx, sys",
    "from labthings_fastapi import ThingClient",
    "url, token = sys.argv[1:]",
    'client = httpx.Client(base_url=url, auth=("python", token))',
    'thing = ThingClient.from_url(url + "/instrument/", client=client)',
    "thing.gain = 3.5",
    "print(thing.gain, thing.add(a=2, b=3))",
  ].join("\n");
  const { stdout } = await run(python(), ["-c", script, url, token]);
  assert.equal(stdout, "3.5 5\n");
});
