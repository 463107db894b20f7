import assert from "node:assert/strict";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { TEST_MS } from "../limits.ts";
import { recorderFor } from "../things/recorder-server.ts";

test("MP4 and WebM have posters that ffmpeg makes once; without it a sentence says what to install", {
  timeout: TEST_MS,
}, async (t) => {
  const { client, url, folder, recorder } = await recorderFor(t);
  const thing = await client();
  await thing.invoke("start_recording", { name: "film" });
  await sleep(400);
  await thing.invoke("stop_recording");
  const { id } = recorder.recordings.find(({ name }) => name === "film.mkv")!;
  await thing.invoke("export", { id, format: "webm" });
  await thing.invoke("export", { id, format: "mp4", replace: true });
  const posterOf = (wanted: string) => {
    const file = recorder.recordings.find(({ name }) => name === wanted)!;
    return fetch(`${url}/recorder/recordings/${file.id}/poster`);
  };
  for (const name of ["film.webm", "film.mp4"]) {
    const answer = await posterOf(name);
    assert.deepEqual([answer.status, answer.headers.get("content-type")], [200, "image/jpeg"]);
    const { width, height } = await sharp(await answer.arrayBuffer()).metadata();
    assert.deepEqual([width, height], [96, 64], "it is not made larger");
  }
  const names = recorder.recordings.map(({ name }) => name).sort();
  assert.deepEqual(names, ["film.mp4", "film.webm"]);

  await writeFile(join(folder, "none.mp4"), "no film");
  await rename(join(folder, "film.webm"), join(folder, "other.webm"));
  await (recorder as unknown as { folder: { refresh(): Promise<void> } }).folder.refresh();
  assert.equal((await posterOf("none.mp4")).status, 404);
  const path = process.env.PATH;
  process.env.PATH = folder;
  try {
    assert.equal((await posterOf("film.mp4")).status, 200, "it was made already");
    const answer = await posterOf("other.webm");
    assert.equal(answer.status, 503);
    const { detail } = (await answer.json()) as { detail: string };
    assert.match(detail, /requires ffmpeg. The program 'ffmpeg' is not installed.*apt-get install/);
  } finally {
    process.env.PATH = path;
  }
});
