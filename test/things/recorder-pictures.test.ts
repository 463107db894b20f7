import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { type Blob, logTo, ThingHost } from "thingscope";
import { openRecording, verifyRecording } from "thingscope/recording";
import { Recorder, TestCamera } from "thingscope/things";
import type { RemoteBlob } from "../../src/client/index.ts";
import { resizeJpeg } from "../../src/frames/codec/codec.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { exifIn } from "../frames/exif-reader.ts";
import { withOrientation } from "../frames/jpegs.ts";
import { coded, cornersOf } from "../frames/quarters.ts";
import { TEST_MS } from "../limits.ts";
import { collect } from "../recording/recordings.ts";
import { folderFor, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a still is one frame as it came, with exposure, identity, time, and where the stage was", {
  timeout,
}, async (t) => {
  const { recorder, camera, client, host } = await recorderFor(t);
  const stage = host.get("stage").invoke("move_absolute", { x: 10, z: -3 });
  await stage.ended;
  const thing = await client();
  const before = Date.now();
  const input = { name: "cell", settle: false };
  const blob = (await thing.invoke("capture_still", input)) as RemoteBlob;
  const still = await blob.bytes();
  const tags = exifIn(still);
  assert.equal(tags.ExposureTime, 0.004);
  const { thing_states, camera: settings, frame } = JSON.parse(String(tags.UserComment));
  assert.deepEqual(thing_states.stage.position, { x: 10, y: 0, z: -3 });
  assert.equal(settings.exposure, 4);
  assert.equal(frame.run, camera.mjpeg_stream.run);
  assert.ok(frame.index >= 0 && frame.capturedAt > before - 1000);
  assert.equal(frame.stream, "camera/mjpeg_stream");
  const [listed] = recorder.recordings;
  assert.deepEqual([listed?.name, listed?.type], ["cell.jpg", "image/jpeg"]);
  await thing.invoke("capture_still", input);
  assert.ok(recorder.recordings.some(({ name }) => name === "cell-2.jpg"));
});

test("a camera that lies on its side is upright in all that is made of its frames", {
  timeout,
}, async (t) => {
  const wide = await coded({ chromaSubsampling: "4:4:4" });
  const large = await resizeJpeg(wide, { width: 800, enlarge: true });
  const jpeg = withOrientation(large, 6); // 400 x 800 as it is shown
  const { recorder, client, url, host } = await recorderFor(t, {}, { jpeg });
  const upright = await cornersOf(jpeg);
  const thing = await client();
  await thing.invoke("record", { max_delay: 30 });
  await host.get("recorder").invoke("capture_still", { name: "cell", settle: false }).ended;
  const still = await readFile(recorder.recordings.find(({ name }) => name === "cell.jpg")!.path);
  assert.equal(exifIn(still).Orientation, 6);
  while (recorder.recordings.length < 2) await sleep(50); // the trigger's is listed when it is closed
  const posters = recorder.recordings.map(({ id }) => `recorder/recordings/${id}/poster`);
  assert.equal(posters.length, 2);
  const stream = "camera/mjpeg_stream";
  const sizes = {
    [`${stream}/snapshot`]: 400,
    [`${stream}/snapshot?width=160`]: 160,
    [`${stream}/snapshot?quality=50`]: 400,
    [`${stream}/next?width=4000`]: 400,
    "camera/lores_mjpeg_stream/snapshot": 400,
    ...Object.fromEntries(posters.map((path) => [path, 320])),
  };
  for (const [path, expected] of Object.entries(sizes)) {
    const answer = await fetch(new URL(path, `${url}/`));
    const picture = new Uint8Array(await answer.arrayBuffer());
    assert.equal(answer.status, 200, path);
    const { width, height } = inspectJpeg(picture);
    assert.deepEqual([width, height], [expected, 2 * expected], path);
    const corners = await cornersOf(picture);
    const isUpright = corners.every((rgb, n) =>
      rgb.every((value, k) => Math.abs(value - upright[n]![k]!) < 30),
    );
    assert.ok(isUpright, `${path}: ${JSON.stringify(corners)}`);
  }
  const held = await (await fetch(new URL(`${stream}/frames`, `${url}/`))).json();
  const { frames } = held as { frames: { width: number; height: number }[] };
  assert.deepEqual([frames[0]?.width, frames[0]?.height], [400, 800]);
});

test("a still has the camera's full size, though the stream is smaller, which goes on as it was", {
  timeout,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  const camera = new TestCamera({ mode: { width: 640, height: 480 } });
  host.add("camera", camera);
  const recorder = new Recorder({ folder: await folderFor(t), reserve_mb: 1 });
  host.add("recorder", recorder, { slots: { camera: "camera" } });
  await host.open();
  t.after(() => host.close());
  const { run } = await camera.mjpeg_stream.grab();
  await host.get("recorder").invoke("capture_still", { name: "large", settle: false }).ended;
  const still = await readFile(recorder.recordings.find(({ name }) => name === "large.jpg")!.path);
  const { width, height } = await sharp(still).metadata();
  assert.deepEqual([width, height], [1920, 1080]);
  const { ImageDescription, UserComment } = exifIn(still);
  assert.match(String(ImageDescription), /a still of 1920 x 1080, no frame of its stream/);
  const comment = JSON.parse(String(UserComment));
  assert.deepEqual([comment.frame, comment.still.width], [undefined, 1920]);
  const captured = host.get("camera").invoke("capture", {});
  await captured.ended;
  assert.equal((await sharp(await (captured.output as Blob).bytes()).metadata()).width, 1920);
  const after = await camera.mjpeg_stream.grab();
  assert.deepEqual([after.run, after.width], [run, 640]);
});

test("a timelapse keeps one frame each interval, and its ledger says that the others were left out", {
  timeout,
}, async (t) => {
  const told: string[] = [];
  const log = logTo((_, message) => told.push(message));
  const { recorder, client } = await recorderFor(t, {}, { log });
  const thing = await client();
  const input = { name: "growth", interval: 0.2, count: 4 };
  const file = (await thing.invoke("timelapse", input)) as Record<string, unknown>;
  assert.deepEqual([file.name, file.frames, file.ended], ["growth.mkv", 4, "stopped"]);
  assert.equal(file.dropped, 0, "what is left out on purpose is no loss");
  assert.ok(Number(file.left_out) > 0, JSON.stringify(file));
  const { path } = recorder.recordings[0]!;
  await using film = await openRecording(path);
  const times = (await collect(film.frames())).map(({ capturedAt }) => capturedAt);
  // On the grid of the interval, but for the first, which may be late.
  assert.ok(times[3]! - times[0]! >= 300, String(times));
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  const why = `${file.left_out} left out on purpose, because it is between the pictures of a timelapse`;
  // A busy machine may have missed a picture of the timelapse: that is said in between.
  assert.ok(/; none was lost[;,]/.test(sentence) && sentence.includes(`; ${why}.`), sentence);
  const { summary } = await describeRecording(path);
  assert.deepEqual([summary?.dropped, summary?.leftOut], [{}, file.left_out]);
  assert.equal(summary?.captured, 4 + Number(file.left_out));
  assert.doesNotMatch(told.join("\n"), /lacks/, "nobody is warned of what was intended");
});

test("a cancelled timelapse is closed as it is", { timeout }, async (t) => {
  const { recorder, host } = await recorderFor(t);
  const run = host.get("recorder").invoke("timelapse", { name: "short", interval: 0.1 });
  while (!(run.progress?.message ?? "").startsWith("3 ")) await sleep(20);
  assert.equal(recorder.busy, true);
  run.cancel();
  await run.ended;
  assert.equal(run.status, "cancelled");
  const [file] = recorder.recordings;
  assert.equal(file?.toJSON().ended, "cancelled");
  assert.ok((await verifyRecording(file!.path)).ok);
});
