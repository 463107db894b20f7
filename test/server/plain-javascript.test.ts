import assert from "node:assert/strict";
import { test } from "node:test";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { TEST_MS } from "../limits.ts";

// What somebody writes who has neither TypeScript nor a build.
const KETTLE = `
import { MJPEGStream, Thing, ThingEvent } from "thingscope";

const named = (name, description) => ({ name, member: name, description });

export class Kettle extends Thing {
  static title = "Kettle";
  static affordances = [
    { ...named("target", "Temperature to reach"), kind: "property", schema: { type: "integer", maximum: 100 },
      saved: true, readOnly: false, observable: true, resettable: false, useGlobalLock: true },
    { ...named("boil", "Heat the water"), kind: "action", input: { type: "object", properties: { seconds: { type: "number", default: 0 } } },
      output: { type: "string" }, safe: false, idempotent: false, synchronous: false, retentionSeconds: 300, useGlobalLock: true },
    { ...named("boiled", "It boils"), kind: "event", data: { type: "integer" } },
    { ...named("live", "The spout"), kind: "stream" },
    { ...named("other", "Another kettle"), kind: "slot", type: Thing, optional: true, many: false },
    { ...named("notes/:page", "Its manual"), member: "manual", kind: "endpoint", method: "GET", path: "notes/:page", role: "view" },
  ];
  target = 90;
  boiled = new ThingEvent();
  live = new MJPEGStream();
  async boil({ seconds }, { progress, log }) {
    log.info("It hums.");
    progress(1);
    this.boiled.emit(this.target);
    return \`\${this.target} degrees after \${seconds} s\`;
  }
  manual({ params, query }) {
    return { contentType: "text/plain", body: \`page \${params.page} in \${query.get("language")}\` };
  }
}
`;

interface Run {
  status: string;
  output: unknown;
  log: { message: string }[];
}

test("a Thing in plain JavaScript is served with all its affordances", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "kettle.js": KETTLE,
    "package.json": '{"type": "module"}',
    "lab.json": JSON.stringify({ things: { kettle: "kettle.js:Kettle" } }),
  });
  await install(folder);
  const server = await serveCli(t, folder, "lab.json");
  const url = `${server.url}/kettle`;
  const send = (method: string, path: string, value: unknown) =>
    fetch(`${url}/${path}`, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(value),
    });
  const td = (await (await fetch(`${url}/`)).json()) as Record<string, object>;
  assert.deepEqual(tdFaults(td), []);
  assert.deepEqual(
    [td.properties, td.actions, td.events].map((affordances) => Object.keys(affordances ?? {})),
    [["target", "live_frame"], ["boil"], ["boiled", "live_new_frame"]],
  );
  assert.equal((await send("PUT", "target", 101)).status, 422);
  assert.equal((await send("PUT", "target", 80)).status, 204);
  assert.equal(await (await fetch(`${url}/target`)).json(), 80);
  const happened = fetch(`${url}/boiled`, { headers: { Accept: "text/event-stream" } });
  const reader = (await happened).body!.getReader();
  let answer = await send("POST", "boil", {});
  const run = answer.headers.get("Location")!;
  let invocation: Run;
  do {
    invocation = (await answer.json()) as Run;
    answer = await fetch(run);
  } while (["pending", "running"].includes(invocation.status));
  assert.deepEqual(
    [invocation.status, invocation.output, invocation.log[0]?.message],
    ["completed", "80 degrees after 0 s", "It hums."],
  );
  const decoder = new TextDecoder();
  let told = "";
  while (!told.includes("data: 80")) told += decoder.decode((await reader.read()).value);
  await reader.cancel();
  const page = await fetch(`${url}/notes/3?language=en`);
  assert.deepEqual([page.status, await page.text()], [200, "page 3 in en"]);
  assert.match(await (await fetch(`${url}/live/viewer`)).text(), /<img|<script/);
  assert.equal(await server.stop(), 0);
  const again = await serveCli(t, folder, "lab.json");
  assert.equal(await (await fetch(`${again.url}/kettle/target`)).json(), 80);
});
