import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { limitUnsent } from "../../src/base/native.ts";
import { MJPEGStream } from "../../src/outputs/mjpeg-stream.ts";
import { picture } from "../outputs/pictures.ts";
import { eventually, serve, Watcher } from "../outputs/watching.ts";

// THINGSCOPE_LONG=1 runs it with the limits that a server has, for a minute.
const long = process.env.THINGSCOPE_LONG === "1";
const seconds = long ? 60 : 6;
const stallMs = long ? 30_000 : 3000;
const mostAgeMs = long ? 150 : 500; // the short run is for busy machines too
const STALLED = 50;

test(`${STALLED} viewers that never read, for ${seconds} s, cost no memory and delay nobody`, {
  timeout: 150_000,
}, async (t) => {
  const stream = new MJPEGStream({ stallMs });
  const { port, server } = await serve(t, (req, res) => stream.mjpegStreamResponse(req, res));
  limitUnsent(server, silentLog);
  const healthy = [new HealthyViewer(port), new HealthyViewer(port)];
  await eventually(() => stream.viewers.count === 2);
  const stalled = Array.from({ length: STALLED }, () => new Watcher(port, "/"));
  for (const { socket } of stalled) socket.pause();
  await eventually(() => stream.viewers.count === STALLED + 2);

  const start = now();
  let memoryAtFirst = 0;
  let ended: number | undefined;
  let added = 0;
  while (now() - start < seconds * 1000) {
    stream.addFrame(picture(added++, 100_000));
    if (added === 60) memoryAtFirst = await memory(); // all sockets are full by now
    if (stream.viewers.count === 2) ended ??= now() - start;
    await sleep(Math.max(0, start + (added * 1000) / 30 - now()));
  }
  await sleep(100);
  const growth = (await memory()) - memoryAtFirst;

  for (const { received, ages } of healthy) {
    ages.sort((a, b) => a - b);
    const p99 = ages[Math.floor(ages.length * 0.99)]!;
    t.diagnostic(`healthy: ${received} of ${added} frames, age p99 ${p99.toFixed(1)} ms`);
    assert.ok(received >= 0.99 * added, `${received} of ${added}`);
    assert.ok(p99 <= mostAgeMs, `${p99} ms`);
  }
  t.diagnostic(
    `stalled: ended after ${Math.round(ended ?? Number.NaN)} ms; memory grew by ${growth} bytes`,
  );
  assert.equal(stream.stats.endedStalled, STALLED);
  // Until the kernel's buffers are full, within the first 2 s, a viewer that does not read looks like any other.
  assert.ok(ended && ended >= stallMs && ended <= 2000 + stallMs * 1.34, `${ended} ms`);
  assert.ok(growth < 5e6, `${growth} bytes`);
});

/** Counts parts by their boundary and notes how old each frame is on arrival; keeps no bytes. */
class HealthyViewer extends Watcher {
  readonly ages: number[] = [];
  received = 0;

  constructor(port: number) {
    super(port, "/");
    this.socket.on("data", () => {
      for (const { headers } of this.parts) {
        this.ages.push(now() - Number(headers.get("x-timestamp")) * 1000);
        this.received += 1;
      }
      this.parts.length = 0;
    });
  }
}

async function memory(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
