// This process gives its processor to others: it has no other test.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { EventLoopWatch } from "../../src/server/monitoring/event-loop.ts";
import { cpuMs } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";

const HOGS = 3;
const HOG_MS = 1500;

test("an event loop that is late because others have the processor is told as that, and blames nobody", {
  skip: process.platform !== "linux" && "only Linux tells how long a thread waited",
  timeout: TEST_MS,
}, async (t) => {
  let tell: (line: readonly [string, unknown]) => void = () => {};
  const warned = new Promise<readonly [string, unknown]>((resolve) => {
    tell = resolve;
  });
  const log = logTo((_, message, fields) => tell([message, fields?.cause]));
  const watch = new EventLoopWatch({ log, doneBetween: () => ["GET /innocent"] });
  watch.start();
  const awake = setInterval(() => {}, 50); // the watch alone keeps no process
  t.after(() => {
    clearInterval(awake);
    watch.stop();
  });
  execFileSync("taskset", ["-cp", "0", `${process.pid}`]);
  const code = `const end = Date.now() + ${HOG_MS}; while (Date.now() < end);`;
  for (let n = 0; n < HOGS; n++) spawn("taskset", ["-c", "0", process.execPath, "-e", code]);
  setPriority(19);
  const end = cpuMs() + 40;
  while (cpuMs() < end);
  const [message, cause] = await warned;
  assert.match(
    message,
    /^The event loop was late by \d+ ms, .*: for \d+ ms of these, other programs/,
  );
  assert.doesNotMatch(message, /innocent/);
  assert.equal(cause, "machine");
});
