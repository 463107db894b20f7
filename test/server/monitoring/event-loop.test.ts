// This process gives its processor to others: it has no other test.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { setPriority } from "node:os";
import { type TestContext, test } from "node:test";
import { logTo } from "../../../src/base/log.ts";
import type { ThingHost } from "../../../src/core/thing-host.ts";
import { EventLoopWatch, processorWaitMs } from "../../../src/server/monitoring/event-loop.ts";
import { healthOf } from "../../../src/server/monitoring/health.ts";
import { TEST_MS } from "../../limits.ts";

const HOGS = 3;
const STARVED_MS = 400;
const HOG = `process.stdout.write("on"); const end = Date.now() + ${TEST_MS}; while (Date.now() < end);`;

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
  const awake = setInterval(() => {}, 50); // the watch alone keeps no process
  t.after(() => {
    clearInterval(awake);
    watch.stop();
  });
  const processor = firstProcessor();
  execFileSync("taskset", ["-cp", processor, `${process.pid}`]);
  await Promise.all(Array.from({ length: HOGS }, () => hog(t, processor)));
  setPriority(19);
  watch.start();
  const end = processorWaitMs() + STARVED_MS;
  while (processorWaitMs() < end);
  const [message, cause] = await warned;
  assert.match(
    message,
    /^The event loop was late by \d+ ms, .*: for \d+ ms of this, other programs/,
  );
  assert.doesNotMatch(message, /innocent/);
  assert.equal(cause, "machine");
  const { reasons } = healthOf({ things: new Map() } as unknown as ThingHost, watch.delay);
  assert.match(String(reasons), /^The event loop is up to \d+ ms late: other programs have the/);
});

/** Of those that this process may use: a container may not have 0. */
function firstProcessor(): string {
  const [allowed] =
    /\d+/.exec(
      execFileSync("taskset", ["-cp", `${process.pid}`], { encoding: "utf8" })
        .split(": ")
        .at(-1) ?? "",
    ) ?? [];
  assert.ok(allowed, "taskset lists the processors of this process");
  return allowed;
}

/** Resolves once it computes. */
async function hog(t: TestContext, processor: string): Promise<void> {
  const child = spawn("taskset", ["-c", processor, process.execPath, "-e", HOG]);
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
}
