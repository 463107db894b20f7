import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingError } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { frames, record } from "./recordings.ts";

test("verifying tells how far it is, and ends where it is when it is cancelled: that is no verdict", async () => {
  const { path } = await record(frames(200, 33, 3000));
  const told: number[] = [];
  const verdict = await verifyRecording(path, { onProgress: (fraction) => told.push(fraction) });
  assert.equal(verdict.ok, true);
  assert.ok(told.length > 200, `${told.length}`);
  assert.ok(told.every((fraction, n) => fraction <= 1 && fraction >= (told[n - 1] ?? 0)));
  const cancelling = new AbortController();
  const reason = new ThingError("ACTION_CANCELLED", "It was cancelled.");
  const cancelled = verifyRecording(path, {
    signal: cancelling.signal,
    onProgress: (fraction) => fraction > 0.5 && cancelling.abort(reason),
  });
  await assert.rejects(cancelled, reason);
});
