import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost } from "thingscope";
import { ReplayCamera, type ReplayCameraOptions } from "thingscope/things";
import { TEST_MS } from "../limits.ts";
import { frame, record, START } from "../recording/recordings.ts";
import { numberIn, picture } from "../streams/pictures.ts";

const timeout = TEST_MS;

async function opened(path: string, options: Partial<ReplayCameraOptions> = { fps: 50 }) {
  const camera = new ReplayCamera({ path, ...options });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  return { camera, [Symbol.asyncDispose]: () => host.close() };
}

test("a replay camera plays a folder again and again, with indices that go on", {
  timeout,
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-replay-"));
  for (const n of [1, 2, 10]) await writeFile(join(folder, `${n}.jpg`), picture(n));
  await using scope = await opened(folder);
  const seen: number[][] = [];
  for await (const frame of scope.camera.mjpeg_stream.everyFrame()) {
    if ("index" in frame) seen.push([frame.index, numberIn(frame.jpeg)]);
    if (seen.length === 5) break;
  }
  assert.deepEqual(seen, [
    [0, 1],
    [1, 2],
    [2, 10],
    [3, 1],
    [4, 2],
  ]);
});

test("a replay camera whose pictures are not there says so", { timeout }, async () => {
  await using scope = await opened("/no/such/pictures");
  const release = scope.camera.mjpeg_stream.demand.take();
  while (scope.camera.state.state !== "failed") await new Promise(setImmediate);
  assert.match(
    scope.camera.state.reason ?? "",
    /'\/no\/such\/pictures' cannot be played: there is no such file or folder/,
  );
  release();
});

test("a recording is played at its own speed, or another, and each frame says who it was", {
  timeout,
}, async () => {
  const times = [0, 40, 240, 250, 640];
  const { path } = await record(times.map((at, n) => frame(n + 7, at)));
  for (const speed of [1, 2]) {
    await using scope = await opened(path, { speed });
    const seen = [];
    for await (const one of scope.camera.mjpeg_stream.everyFrame()) {
      if ("index" in one) seen.push(one);
      if (seen.length === times.length + 1) break;
    }
    assert.deepEqual(
      seen.map(({ origin }) => origin?.index),
      [7, 8, 9, 10, 11, 7],
    );
    assert.deepEqual(
      seen.map(({ index }) => index),
      [0, 1, 2, 3, 4, 5],
    );
    const origin = seen[2]!.origin!;
    assert.deepEqual([origin.stream, origin.run], ["camera", "k3x9q2"]);
    assert.equal(origin.capturedAt, START + 240);
    for (const [n, at] of times.entries()) {
      const played = seen[n]!.capturedAt - seen[0]!.capturedAt;
      assert.ok(Math.abs(played - at / speed) < 0.01, `${played} ms for ${at} ms at ${speed}x`);
    }
  }
});

test("a rate that does not go with what is played is refused", () => {
  assert.throws(() => new ReplayCamera({ path: "film.mkv", fps: 5 }), { code: "BAD_ARGUMENT" });
  assert.throws(() => new ReplayCamera({ path: "films", speed: 2 }), { code: "BAD_ARGUMENT" });
  assert.throws(() => new ReplayCamera({ path: "film.mkv", speed: 0 }), { code: "BAD_ARGUMENT" });
});
