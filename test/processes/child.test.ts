import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { Child } from "../../src/processes/child.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { exists, program } from "./children.ts";

const timeout = TEST_MS;

test("what a program writes to descriptors 1, 3 and 5 is read", { timeout }, async () => {
  const write = "for (const fd of [1, 3, 5]) require('fs').writeSync(fd, 'to ' + fd)";
  const child = new Child(program(write), { outputs: [1, 3, 5] });
  const texts = [1, 3, 5].map(async (fd) => String((await once(child.output(fd), "data"))[0]));
  assert.deepEqual(await Promise.all(texts), ["to 1", "to 3", "to 5"]);
  assert.deepEqual(await child.ended, { code: 0, signal: null });
});

test("arguments reach the program as they are: there is no shell", { timeout }, async () => {
  const words = ["$HOME", "a b", "`id`", "; exit 3", "\t\n", "'\""];
  const print = "require('fs').writeSync(1, JSON.stringify(process.argv.slice(1)))";
  const command = { program: process.execPath, args: ["-e", print, "--", ...words] };
  const child = new Child(command, { outputs: [1] });
  const [bytes] = await once(child.output(1), "data");
  assert.deepEqual(JSON.parse(String(bytes)), words);
  await child.ended;
});

test("a program that is not there ends at once, with the reason", { timeout }, async () => {
  const { error } = await new Child({ program: "/no/such/program", args: [] }).ended;
  assert.match(error?.message ?? "", /ENOENT/);
});

test("a program that ends on SIGINT is not killed", { timeout }, async () => {
  const child = new Child(
    program(
      "process.on('SIGINT', () => process.exit(7)); console.log('up'); setInterval(() => {}, 1000)",
    ),
    { outputs: [1] },
  );
  await once(child.output(1), "data");
  assert.deepEqual(await child.stop(), { code: 7, signal: null });
});

test("a program that reads its input to the end ends by itself", { timeout }, async () => {
  const child = new Child(
    // A slow machine may have come to SIGINT before the program has come to the end of its input.
    program(
      "process.on('SIGINT', () => {}); process.stdin.resume().on('end', () => process.exit(5)); console.log('ready')",
    ),
    { input: true, outputs: [1] },
  );
  await once(child.output(1), "data");
  assert.deepEqual(await child.stop(), { code: 5, signal: null });
});

test("a program that ignores all signals is killed within 3 s, and what it started too", {
  timeout,
}, async () => {
  const code = `for (const s of ["SIGINT", "SIGTERM"]) process.on(s, () => {});
    const other = require("child_process").spawn("sleep", ["60"], { stdio: "ignore" });
    console.log(other.pid); setInterval(() => {}, 1000)`;
  const child = new Child(program(code), { outputs: [1] });
  const [bytes] = await once(child.output(1), "data");
  const elapsed = new Elapsed(child.pid!);
  assert.deepEqual(await child.stop(), { code: null, signal: "SIGKILL" });
  assert.ok(elapsed.ms < 3000);
  assert.ok(!exists(child.pid!), "a zombie is left");
  while (exists(Number(String(bytes)))) await new Promise(setImmediate);
});

test("a flood on the error output is cut to its last 20 lines, and a few a second are logged", {
  timeout,
}, async () => {
  const logged: string[] = [];
  const code =
    "for (let n = 0; n < 50000; n++) require('fs').writeSync(2, 'line ' + n + 'x'.repeat(1000) + '\\n')";
  const child = new Child(program(code), { log: logTo((_, message) => logged.push(message)) });
  await child.ended;
  assert.equal(child.errorLines.length, 20);
  assert.match(child.errorLines.at(-1) ?? "", /^line 49999x/);
  assert.ok(child.errorLines.every((line) => line.length <= 400));
  assert.ok(logged.length < 100, `${logged.length} lines were logged`);
});

test("a line without an end does not grow", { timeout }, async () => {
  const child = new Child(
    program("for (let n = 0; n < 1000; n++) require('fs').writeSync(2, 'x'.repeat(10000))"),
  );
  await child.ended;
  assert.deepEqual(child.errorLines, ["x".repeat(400)]);
});
