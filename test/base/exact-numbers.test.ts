import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { property, setting, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { parseMessage } from "../../src/adapters/filers/messages.ts";
import { inexactNumberIn, parseExactly } from "../../src/base/exact-numbers.ts";
import { valueFromText } from "../../src/cli/value-text.ts";
import { TEST_MS } from "../limits.ts";
import { ask } from "../server/requests.ts";
import { folderFor } from "../things/recorder-server.ts";

const LARGE = "9007199254740993"; // 2^53 + 1

test("a number that no double has keeps its digits as text, and all others are numbers", () => {
  const text = `{"a": ${LARGE}, "b": "${LARGE}", "c": [1.5, -${LARGE}.0, 1e999], "d": 9007199254740992}`;
  assert.deepEqual(parseExactly(text), {
    a: LARGE,
    b: LARGE,
    c: [1.5, `-${LARGE}.0`, "1e999"],
    d: 9007199254740992,
  });
  assert.match(inexactNumberIn(text) ?? "", /9007199254740993/);
  assert.throws(() => parseExactly(`[${LARGE}`), SyntaxError);
});

test("neither Filers' messages nor typed values round a number", () => {
  const message = parseMessage(Buffer.from(`["image", {"t": 1.5, "ns": ${LARGE}}]\n`));
  assert.deepEqual(message.value, { t: 1.5, ns: LARGE });
  assert.equal(valueFromText(LARGE, { type: "integer" }), LARGE);
});

class Counter extends Thing {
  @setting("Steps since it was made", Type.Integer()) accessor steps = 3;
  @setting("Turns", Type.Integer()) accessor turns = 4;
  @property("Ratio", Type.Number()) accessor ratio = 1;
}

test("a settings file with an integer over 2^53 leaves that setting at its default, says so, and is kept", {
  timeout: TEST_MS,
}, async (t) => {
  const settingsFolder = await folderFor(t);
  const host = new ThingHost({ settingsFolder });
  host.add("counter", new Counter());
  await mkdir(join(settingsFolder, "counter"), { recursive: true });
  await writeFile(
    join(settingsFolder, "counter", "Settings-Counter.json"),
    `{"steps": ${LARGE}, "turns": 9}`,
  );
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const read = async (name: string) => (await ask(port, { path: `/counter/${name}` })).text;
  assert.deepEqual([await read("steps"), await read("turns")], ["3", "9"]);
  const body = `"${LARGE}"`;
  const headers = { "Content-Type": "application/json" };
  const refused = await ask(port, { method: "PUT", path: "/counter/ratio", headers, body });
  assert.equal(refused.status, 422, "a string is not rounded either");
  await ask(port, { method: "PUT", path: "/counter/turns", headers, body: "10" });
  const file = join(settingsFolder, "counter", "Settings-Counter.json");
  assert.match(await readFile(file, "utf8"), /"turns": 10\b/);
  assert.match(await readFile(file, "utf8"), new RegExp(`"steps": "${LARGE}"`));
});
