import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { delay, withDeadline } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { filesIn } from "../sources.ts";

const timeout = TEST_MS;

test("a deadline is kept although memory is collected while somebody waits", {
  timeout,
}, async () => {
  const collecting = setInterval(() => globalThis.gc?.(), 20);
  const waiting = withDeadline(300, new AbortController().signal, (signal) =>
    delay(60_000, signal),
  );
  await assert.rejects(waiting, { name: "TimeoutError" });
  clearInterval(collecting);
});

test("an abort ends the wait before its deadline, with the signal's own reason", {
  timeout,
}, async () => {
  const abort = new AbortController();
  const waiting = withDeadline(60_000, abort.signal, (signal) => delay(60_000, signal));
  const reason = new Error("The viewer has gone.");
  abort.abort(reason);
  await assert.rejects(waiting, reason);
  await assert.rejects(
    withDeadline(60_000, abort.signal, async (signal) => signal.throwIfAborted()),
    reason,
  );
});

test("what ends in time leaves no timer and no listener behind", { timeout }, async () => {
  const { signal } = new AbortController();
  let inner: AbortSignal | undefined;
  const found = await withDeadline(60_000, signal, async (either) => {
    inner = either;
    return 7;
  });
  assert.equal(found, 7);
  assert.equal(inner?.aborted, false);
  assert.ok(!process.getActiveResourcesInfo().includes("Timeout"), "a timer is left");
});

test("nothing waits for a timeout inside AbortSignal.any, which Node 20 may lose", () => {
  for (const { path } of filesIn("src", "things", "examples")) {
    const text = readFileSync(packagePath(path), "utf8");
    assert.doesNotMatch(text, /AbortSignal\.any\([^;]*AbortSignal\.timeout/, path);
  }
});
