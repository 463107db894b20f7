import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { PipelineCamera, ServerLog } from "thingscope/things";
import { ThingClient } from "../../src/client/index.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor } from "./recorder-server.ts";

class Talker extends Thing {}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly href: string;
}

async function served(t: TestContext, more: Record<string, Thing> = {}) {
  const settingsFolder = await folderFor(t);
  const logFolder = join(settingsFolder, "logs");
  const host = new ThingHost({ settingsFolder, logFolder });
  const talker = new Talker();
  const log = new ServerLog();
  host.add("talker", talker);
  for (const [name, thing] of Object.entries(more)) host.add(name, thing);
  host.add("log", log);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  return { url, talker, log, host, server, logFolder };
}

async function filesAt(url: string): Promise<Listed[]> {
  return (await fetch(`${url}/log/files`)).json() as Promise<Listed[]>;
}

/** The file of a name, once there is one whose text has this in it. */
async function textOf(url: string, name: string, wanted: RegExp): Promise<string> {
  for (;;) {
    const file = (await filesAt(url)).find((one) => one.name === name);
    const text = file && (await (await fetch(file.href)).text());
    if (text && wanted.test(text)) return text;
    await sleep(50);
  }
}

test("the log of a Thing is a file that is listed and fetched, and is none of the recordings", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, talker, logFolder } = await served(t);
  talker.log.warn("The cable is out.");
  assert.match(await textOf(url, "talker.log", /cable/), /Z warn {2}The cable is out\.\n$/);
  await writeFile(join(logFolder, "private.key"), "secret");
  assert.deepEqual(
    (await filesAt(url)).map(({ name }) => name).filter((name) => name !== "thingscope.log"),
    ["talker.log"],
  ); // the server's own has a line where the machine was too busy
  const [{ id } = { id: "" }] = await filesAt(url);
  assert.equal((await fetch(`${url}/recordings/${id}`)).status, 404);
  for (const path of ["talker.log", "..%2Fprivate.key", "private.key"]) {
    assert.equal((await fetch(`${url}/log/files/${path}`)).status, 404, path);
  }
});

test("log files are read by who may operate, and deleted by an admin", async (t) => {
  const { server } = await served(t);
  const roles = server.routes
    .filter(({ path }) => path.startsWith("/log/files/:id"))
    .map(({ method, path, role }) => `${method} ${path} ${role}`);
  assert.deepEqual(roles, [
    "GET /log/files/:id operate",
    "GET /log/files/:id/:part operate",
    "DELETE /log/files/:id admin",
  ]);
});

test("a deleted log file is begun again", { timeout: TEST_MS }, async (t) => {
  const { url, talker } = await served(t);
  talker.log.info("before");
  await textOf(url, "talker.log", /before/);
  const [{ href } = { href: "" }] = await filesAt(url);
  assert.equal((await fetch(href, { method: "DELETE" })).status, 204);
  talker.log.info("after");
  assert.doesNotMatch(await textOf(url, "talker.log", /after/), /before/);
});

test("clients are told each new line", { timeout: TEST_MS }, async (t) => {
  const { url, talker } = await served(t);
  const client = await ThingClient.connect(`${url}/log/`);
  const over = new AbortController();
  t.after(() => over.abort());
  const saying = setInterval(() => talker.log.info("The cable is in."), 50);
  t.after(() => clearInterval(saying));
  for await (const told of client.events.line!.subscribe(over.signal)) {
    const { file, line, missed } = told as { file: string; line: string; missed: number };
    if (file !== "talker.log") continue; // a machine that let the server wait is told, too
    assert.match(line, /Z info {2}The cable is in\.$/);
    assert.equal(missed, 0);
    break;
  }
});

test("of a flood of lines fifty a second are told, and how many were not", {
  timeout: TEST_MS,
}, async (t) => {
  const { talker, host } = await served(t);
  let told = 0;
  let missed = 0;
  host.get("log").onEvent("line", (data) => {
    told++;
    missed += (data as { missed: number }).missed;
  });
  const began = performance.now();
  for (let n = 0; n < 2000; n++) talker.log.info(`flood ${n}`);
  const seconds = 1 + Math.ceil((performance.now() - began) / 1000);
  assert.ok(told <= 50 * seconds, `${told} lines were told in ${seconds} seconds at most`);
  while (missed === 0) {
    await sleep(100);
    talker.log.info("afterwards");
  }
  assert.ok(missed >= 2000 - 50 * seconds, `${missed} were missed`);
});

test("what a program says on its error output has a file of its own", {
  timeout: TEST_MS,
}, async (t) => {
  const says = "console.error('The lens is dirty.'); setTimeout(() => {}, 60000)";
  const camera = new PipelineCamera({
    pipeline: [process.execPath, "-e", says],
    framing: "jpeg",
    keep_warm: true,
  });
  const { url } = await served(t, { camera });
  assert.match(await textOf(url, "camera.node.log", /dirty/), /Z The lens is dirty\.\n/);
});

test("without log files it says how to have them", async (t) => {
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  host.add("log", new ServerLog());
  await host.open();
  t.after(() => host.close());
  assert.match(host.get("log").reason ?? "", /does not keep log files.*thingscope serve/);
});
