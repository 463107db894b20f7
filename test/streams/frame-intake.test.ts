import assert from "node:assert/strict";
import { test } from "node:test";
import { now } from "../../src/base/clock.ts";
import { derive } from "../../src/streams/derive.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";

const timeout = TEST_MS;

test("a capture time is later than the one before in its run, and not in the future", () => {
  const stream = new MJPEGStream();
  const start = now();
  assert.equal(stream.addFrame(picture(0), { capturedAt: start - 50 }).capturedAt, start - 50);
  const overtaken = stream.addFrame(picture(1), { capturedAt: start - 900 }).capturedAt;
  assert.ok(overtaken > start - 50 && overtaken < start - 49, `${overtaken - start}`);
  const { capturedAt } = stream.addFrame(picture(2), { capturedAt: start + 3_600_000 });
  assert.ok(capturedAt >= start && capturedAt <= now());
  assert.ok(stream.addFrame(picture(3), { capturedAt: Number.NaN }).capturedAt >= capturedAt);
  assert.equal(stream.stats.correctedTimes, 3);
});

test("that a clock was set is told with each frame after it, also of a stream that is made of this one", {
  timeout,
}, async (t) => {
  const parent = new MJPEGStream();
  const child = new MJPEGStream();
  t.after(derive(parent, child, {}));
  t.after(child.demand.take());
  /** What a frame of the child says of its clock. */
  const passedOn = async (byMs: number | undefined, capturedAt?: number) => {
    const passed = child.grab();
    const clockSet = byMs === undefined ? undefined : { at: now(), byMs };
    parent.addFrame(picture(0), { clockSet, capturedAt });
    const frame = await passed;
    assert.equal(frame.clockSet?.byMs, parent.newest!.clockSet?.byMs);
    return frame.clockSet?.byMs;
  };
  assert.equal(await passedOn(-7000), undefined, "before this run");
  assert.equal(await passedOn(-6000), 1000);
  assert.equal(await passedOn(-6000), 1000);
  await passedOn(-6000, 0);
  assert.ok((await passedOn(-6000, 0))! < -1e12, "where the times say so, too");
  parent.reset();
  assert.equal(parent.addFrame(picture(6)).index, 0);
  assert.equal(parent.newest!.clockSet, undefined, "a new run");
});

test("times that are none have each frame as far from the one before as it came, and are no clock that was set", async () => {
  for (const none of [Number.NaN, -5, 2 ** 53, now() * 1000, Number.POSITIVE_INFINITY]) {
    for (const first of [none, now() - 3_600_000]) {
      const stream = new MJPEGStream();
      let before = stream.addFrame(picture(0), { capturedAt: first }).capturedAt;
      for (let n = 1; n < 5; n++) {
        const came = now();
        const { capturedAt } = stream.addFrame(picture(n), { capturedAt: none + n });
        assert.ok(capturedAt > before && capturedAt - before < 1000 + now() - came, `${none}`);
        before = capturedAt;
      }
      assert.equal(stream.newest!.clockSet, undefined, `${none} after ${first}`);
    }
  }
});
