import assert from "node:assert/strict";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { before, test } from "node:test";
import { ReplaySource } from "../../src/sources/replay.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";

const timeout = TEST_MS;
let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "replay-"));
  for (const name of ["images", "empty"]) await mkdir(join(folder, name));
  for (const n of [10, 2, 1]) await writeFile(join(folder, "images", `image${n}.JPG`), picture(n));
  await writeFile(join(folder, "images", "notes.txt"), "no picture");
  await writeFile(
    join(folder, "film.mjpeg"),
    Buffer.concat([0, 1, 2].map((n) => picture(n, 100_000))),
  );
});

async function numbers(source: ReplaySource, count: number): Promise<number[]> {
  const found: number[] = [];
  const reading = new AbortController();
  for await (const { jpeg } of source.frames(reading.signal)) {
    if (found.push(numberIn(jpeg)) === count) reading.abort();
  }
  return found;
}

test("a folder is played in the order of its numbers, again and again", { timeout }, async () => {
  const source = new ReplaySource(join(folder, "images"), { fps: 500 });
  assert.deepEqual(await numbers(source, 7), [1, 2, 10, 1, 2, 10, 1]);
});

test("a file of JPEGs is played once when it shall not loop", { timeout }, async () => {
  const source = new ReplaySource(join(folder, "film.mjpeg"), { fps: 500, loop: false });
  assert.deepEqual(await numbers(source, 100), [0, 1, 2]);
});

test("one picture is repeated, at the rate that was asked for", { timeout }, async () => {
  const source = new ReplaySource(join(folder, "images", "image2.JPG"), { fps: 50 });
  const startedAt = performance.now();
  const elapsed = new Elapsed();
  assert.deepEqual(await numbers(source, 11), Array(11).fill(2));
  assert.ok(performance.now() - startedAt > 190, "faster than asked");
  assert.ok(elapsed.ms < 1000, `${elapsed.ms} ms`);
});

test("what cannot be played is told in one sentence", { timeout }, async () => {
  const reason = (path: string, message: RegExp) =>
    assert.rejects(numbers(new ReplaySource(join(folder, path)), 1), {
      code: "SOURCE_FAILED",
      message,
    });
  await reason("none", /none' cannot be played: there is no such file or folder \(ENOENT\)\.$/);
  await reason("empty", /empty' does not contain a JPEG picture/);
  await reason("images/notes.txt", /notes.txt' does not contain a JPEG picture/);
  assert.throws(() => new ReplaySource("x", { fps: 0 }), /more than 0/);
});
