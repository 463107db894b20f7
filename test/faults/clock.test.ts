import assert from "node:assert/strict";
import { test } from "node:test";
import { openRecording, verifyRecording } from "thingscope/recording";
import { toDateTime } from "../../src/base/clock.ts";
import { collect, frame, record, START } from "../recording/recordings.ts";

const MOMENTS = [
  ["the end of daylight saving in Europe", "2026-10-25T01:00:00Z", "Europe/Berlin"],
  ["the beginning of daylight saving in America", "2026-03-08T07:00:00Z", "America/New_York"],
  ["the leap second of 2016", "2017-01-01T00:00:00Z", "UTC"],
  ["the end of 32-bit seconds in 2038", "2038-01-19T03:14:08Z", "Asia/Tokyo"],
] as const;

for (const [name, moment, zone] of MOMENTS) {
  test(`F30: a recording over ${name} has every frame once, in order, at its time in UTC`, async (t) => {
    const before = process.env.TZ;
    process.env.TZ = zone;
    t.after(() => {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    });
    const at = Date.parse(moment) - START;
    const all = Array.from({ length: 40 }, (_, n) => frame(n, at - 2000 + n * 100));
    const { path, summary } = await record(all);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
    assert.equal(summary.written, 40);
    await using recording = await openRecording(path);
    const times = (await collect(recording.frames())).map(({ capturedAt }) => capturedAt);
    assert.deepEqual(
      times.map((time) => toDateTime(Math.round(time))),
      all.map(({ capturedAt }) => toDateTime(capturedAt)),
    );
    assert.equal(new Set(times).size, 40);
    assert.equal(toDateTime(Math.round(times[20]!)), moment.replace("Z", ".000Z"));
  });
}
