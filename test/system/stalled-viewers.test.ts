import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld } from "../memory.ts";
import { cameraServer } from "../server/cameras.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { picture } from "../streams/pictures.ts";
import { eventually, Watcher } from "../streams/watching.ts";

// THINGSCOPE_LONG=1 runs it with the limits that a server has, for a minute.
const long = process.env.THINGSCOPE_LONG === "1";
const seconds = long ? 60 : 8;
const stallMs = long ? 30_000 : 3000;
const mostAgeMs = long ? 150 : 500; // the short run is for busy machines too
const rounds = long ? 1 : 2; // how often each is ended, and comes back, at least
const STALLED = 50;
const RATE = 30;

test(`${STALLED} viewers that never read, and come back when they are ended, cost no memory and delay nobody in ${seconds} s`, {
  timeout: TEST_MS,
}, async (t) => {
  const { stream, port } = await cameraServer(t, { stallMs });
  const healthy = [1, 2].map(() => new HealthyViewer(port, "/camera/live"));
  await eventually(() => stream.viewers.count === 2);
  const start = now();
  const stalled = Array.from({ length: STALLED }, () => stalledViewer(port));
  t.after(() => {
    for (const socket of stalled) socket.destroy();
  });
  await eventually(() => stream.viewers.count === STALLED + 2);

  let memoryAtFirst = 0;
  let firstEnded: number | undefined;
  let added = 0;
  let cameBack = 0;
  while (now() - start < seconds * 1000 || cameBack < rounds * STALLED) {
    stream.addFrame(picture(added++, 100_000));
    if (added === 2 * RATE) memoryAtFirst = await memoryHeld(); // all sockets are full by now
    if (stream.stats.endedStalled > 0) firstEnded ??= now() - start;
    for (; cameBack < stream.stats.endedStalled; cameBack++) {
      stalled.shift()?.destroy(); // a socket that is not read does not tell that it was ended
      stalled.push(stalledViewer(port));
    }
    await sleep(Math.max(0, start + (added * 1000) / RATE - now()));
  }
  await eventually(() => healthy.every(({ newest }) => newest === added - 1));
  const growth = (await memoryHeld()) - memoryAtFirst;

  for (const { received, missed, ageP99 } of healthy) {
    t.diagnostic(`healthy: ${received} of ${added} frames, age p99 ${ageP99.toFixed(1)} ms`);
    assert.deepEqual([received, missed], [added, 0]);
    assert.ok(ageP99 <= mostAgeMs, `${ageP99} ms`);
  }
  const { endedStalled } = stream.stats;
  t.diagnostic(
    `stalled: ${endedStalled} ended, the first after ${Math.round(firstEnded ?? NaN)} ms`,
  );
  t.diagnostic(`memory after collection grew by ${growth} bytes`);
  // Until the kernel's buffers are full, within the first 2 s, a viewer that does not read looks like any other.
  assert.ok(firstEnded && firstEnded >= stallMs && firstEnded <= 2000 + stallMs * 1.34);
  assert.ok(growth < 10e6, `${growth} bytes`);
});

/** Asks for the stream and reads nothing. */
function stalledViewer(port: number): Socket {
  const { socket } = new Watcher(port, "/camera/live");
  return socket.pause();
}
