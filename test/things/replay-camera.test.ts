import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost } from "thingscope";
import { ReplayCamera } from "thingscope/things";
import { numberIn, picture } from "../outputs/pictures.ts";

const timeout = 20_000;

async function opened(path: string) {
  const camera = new ReplayCamera({ path, fps: 50 });
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
  assert.match(scope.camera.state.reason ?? "", /'\/no\/such\/pictures' cannot be played: ENOENT/);
  release();
});
