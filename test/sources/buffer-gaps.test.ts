import assert from "node:assert/strict";
import { test } from "node:test";
import type { GdpBuffer } from "../../src/frames/wire/gdp.ts";
import { BufferGaps } from "../../src/sources/buffer-gaps.ts";

const payload = new Uint8Array(0);
const MS = 1_000_000;

/** What is found before each buffer, as `count why`. */
function found(buffers: readonly Omit<GdpBuffer, "payload">[]): string[] {
  const gaps = new BufferGaps();
  return buffers.map((buffer) => {
    const loss = gaps.before({ ...buffer, payload });
    return loss ? `${loss.count} ${loss.why}` : "";
  });
}

/** Buffers at these times, ms. */
const at = (times: readonly number[], about: Omit<GdpBuffer, "payload"> = {}) =>
  times.map((ms) => ({ ...about, ptsNs: BigInt(Math.round(ms * MS)) }));

test("a driver's numbers tell how many are missing, whatever the times say; numbers that begin anew tell nothing", () => {
  const numbers = [5, 6, 9, 10, 11, 0, 1, 2];
  const buffers = numbers.map((n, place) => ({
    sequence: BigInt(n),
    ptsNs: BigInt(place * 1000 * MS),
    durationNs: BigInt(33 * MS),
  }));
  const skip = "2 the driver's frame numbers have a gap";
  assert.deepEqual(found(buffers), ["", "", skip, "", "", "", "", ""]);
});

test("without numbers a hole in the times tells it, by how long each frame lasts", () => {
  const lasting = { durationNs: BigInt(40 * MS) };
  const hole = "3 the pipeline's times have a gap";
  assert.deepEqual(found(at([0, 40, 80, 240, 281, 320], lasting)), ["", "", "", hole, "", ""]);
});

test("a camera that becomes slower is soon not taken for one that loses frames", () => {
  const slow = Array.from({ length: 30 }, (_, n) => 400 + n * 80);
  const all = found(
    at([...Array.from({ length: 10 }, (_, n) => n * 40), ...slow], { durationNs: 40_000_000n }),
  );
  assert.ok(
    all.slice(-20).every((one) => one === ""),
    JSON.stringify(all),
  );
  assert.ok(all.filter((one) => one !== "").length <= 5, JSON.stringify(all));
});

test("a mark tells of a gap, and the times how long it is, if they can; irregular times alone tell nothing", () => {
  const [a, b] = [at([0, 33, 66, 100]), at([200, 233], {})];
  const marked = [...a, { ...b[0]!, isDiscontinuous: true }, b[1]!];
  assert.deepEqual(found(marked), ["", "", "", "", "2 the pipeline marks a gap", ""]);
  assert.deepEqual(found(at([0, 33, 66, 100, 200, 233])), ["", "", "", "", "", ""]);
  const timeless = [{ isDiscontinuous: true }, {}, { isDiscontinuous: true }];
  assert.deepEqual(found(timeless), ["", "", "0 the pipeline marks a gap"]);
});
