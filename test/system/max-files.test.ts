import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { startRecording, verifyRecording } from "thingscope";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { SteppedCamera } from "../recording/event-films.ts";
import { newPath } from "../recording/recordings.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
const JPEG = await jpegOf(64, 48);

/** Puts an ffmpeg in the way that ends its output for "-00" only when a file is there. @returns how the real one is there again. */
async function slowFor(marker: string, release: string): Promise<() => void> {
  const bin = join(dirname(await newPath()), "bin");
  await mkdir(bin);
  const real = (await run("which", ["ffmpeg"])).stdout.trim();
  const script = [
    "#!/bin/sh",
    `case "$*" in *${marker}*) ${real} "$@" || exit; while [ ! -e ${release} ]; do sleep 0.05; done ;;`,
    `*) exec ${real} "$@" ;; esac`,
  ];
  await writeFile(join(bin, "ffmpeg"), script.join("\n"), { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  return () => {
    process.env.PATH = before;
  };
}

for (const keepMkv of [false, true]) {
  test(`the file that was begun first makes way, also when its MP4 is made last${keepMkv ? ", with the MKV beside it" : ""}`, {
    timeout,
  }, async (t) => {
    const path = await newPath("film.mp4");
    const folder = dirname(path);
    const release = join(dirname(await newPath()), "release");
    t.after(await slowFor("film-00", release));
    const camera = new SteppedCamera(() => JPEG);
    const limits = { splitSec: 1, maxFiles: 2, keepMkv };
    const recording = await startRecording({ camera: camera.stream, path, ...limits });
    for (let second = 0; !(await readdir(folder)).includes("film-03.mkv"); second += 0.1) {
      camera.playTo(second);
      await sleep(10); // files are opened and closed meanwhile
    }
    const stopping = recording.stop();
    await writeFile(release, "");
    const { files, captured, written } = await stopping;
    assert.equal(written, captured);
    const names = files.map(({ path: one }) => basename(one));
    assert.deepEqual(names, ["film-02.mp4", "film-03.mp4"]);
    const extensions = keepMkv ? ["ledger.jsonl", "mkv", "mp4"] : ["ledger.jsonl", "mp4"];
    const wanted = ["02", "03"].flatMap((n) => extensions.map((end) => `film-${n}.${end}`));
    assert.deepEqual((await readdir(folder)).toSorted(), wanted);
    for (const { path: one } of files) assert.ok((await verifyRecording(one)).ok, one);
  });
}
