import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { limitHits } from "../../src/base/limit-hits.ts";
import { silentLog } from "../../src/base/log.ts";
import { filedLog, LogFolder } from "../../src/base/log-folder.ts";
import { visible } from "../../src/base/preview.ts";
import { redact } from "../../src/base/redact.ts";

async function folder(): Promise<LogFolder> {
  return new LogFolder(await mkdtemp(join(tmpdir(), "thingscope-logs-")));
}

test("of a flood of one error twenty lines are written, and how many more there were", async () => {
  const logs = await folder();
  const before = limitHits().get("log_lines_of_a_kind") ?? 0;
  const log = filedLog(silentLog, logs, "camera");
  for (let n = 0; n < 9332; n++) log.error(`Frame ${n} of 'viewer ${n}' was not written.`);
  await logs.written();
  const lines = (await logs.read("camera.log"))!.trim().split("\n");
  assert.equal(lines.length, 21);
  assert.match(lines[20]!, /error \.\.\. 9,312 more in 10 s like: Frame 0 of 'viewer 0'/);
  assert.equal(limitHits().get("log_lines_of_a_kind"), before + 9312);
});

test("another error is written while one floods, and in another file the same", async () => {
  const logs = await folder();
  for (let n = 0; n < 1000; n++) filedLog(silentLog, logs, "camera").error("The cable is out.");
  filedLog(silentLog, logs, "camera").error("The lens is dirty.");
  filedLog(silentLog, logs, "stage").error("The cable is out.");
  await logs.written();
  assert.match((await logs.read("camera.log"))!, /The lens is dirty/);
  assert.match((await logs.read("stage.log"))!, /The cable is out/);
});

test("lines that all differ take no more than the room there is, and leave some for errors", async () => {
  const logs = await folder();
  const log = filedLog(silentLog, logs, "camera");
  const word = (n: number) => {
    return [...String(n)].map((digit) => "abcdefghij"[Number(digit)]).join("");
  };
  for (let n = 0; n < 20_000; n++) log.info(`${word(n)} ${"x".repeat(90)}`);
  log.error("The cable is out.");
  await logs.written();
  const text = (await logs.read("camera.log"))!;
  assert.ok(text.length < 300_000, `${text.length} characters`);
  assert.match(text, /The cable is out/);
  assert.match((await logs.read("thingscope.log"))!, /warn {2}\.\.\. [\d,]+ other lines left out/);
});

test("no text begins a line of its own, or steers a terminal", async () => {
  const logs = await folder();
  const log = filedLog(silentLog, logs, "camera");
  log.warn("a\n2026-01-01T00:00:00Z error forged\r\x1b[2J\x9b31m\u202etxt", { name: "b\x1b[0m" });
  await logs.written();
  const text = (await logs.read("camera.log"))!;
  assert.equal(text.trimEnd().split("\n").length, 1);
  assert.equal(visible(text.trimEnd()), text.trimEnd());
  assert.match(text, /a\\n2026-01-01T00:00:00Z error forged\\u000d\\u001b\[2J\\u009b31m\\u202etxt/);
});

test("fields are small and can be written, whatever they were", () => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic.self = cyclic;
  const wide = Object.fromEntries(
    new Array(100_000).fill(0).map((_, n) => [`k${n}`, "x".repeat(99)]),
  );
  const many = { list: new Array(1_000_000).fill(1) };
  for (const fields of [cyclic, wide, many, { big: 10n }, { text: "x".repeat(1e6) }]) {
    assert.ok(JSON.stringify(redact(fields)).length < 10_000);
  }
});
