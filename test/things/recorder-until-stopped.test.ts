import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { TEST_MS } from "../limits.ts";
import { collect } from "../recording/recordings.ts";
import { armed, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a trigger until_stopped has the seconds before it and goes on until stop_recording, which tells how it went", {
  timeout,
}, async (t) => {
  const { client, recorder, camera, folder } = await recorderFor(t, { post_s: 0, max_event_s: 1 });
  const thing = await client();
  await armed(recorder);
  const first = camera.mjpeg_stream.lastFrameIndex;
  while (camera.mjpeg_stream.lastFrameIndex < first + 30) await sleep(20); // the pre-roll is full
  const pressed = camera.mjpeg_stream.lastFrameIndex;
  const { name } = Object(await thing.invoke("record", { until_stopped: true, max_delay: 10 }));
  while (camera.mjpeg_stream.lastFrameIndex < pressed + 80) await sleep(20); // over max_event_s
  while (!recorder.progress.some(({ frames }) => frames > 0)) await sleep(20);
  const going = recorder.progress.find(({ frames }) => frames > 0);
  assert.ok(going && going.duration >= 0 && going.size > 0, "it tells how far it is");
  assert.equal(going.dropped, 0);
  const again = Object(await thing.invoke("record", { reason: "again" }));
  const summary = Object(await thing.invoke("stop_recording"));
  assert.equal(summary.ended, "stopped");
  assert.equal(summary.captured, summary.written);
  assert.ok(summary.files.length > 1, "an event that is longer than a file may be has several");
  const names = summary.files.map((file: { name: string }) => file.name);
  assert.equal(names[0], name);
  assert.ok(names.includes(again.name), "a trigger meanwhile makes no other file");
  assert.deepEqual(recorder.progress, []);
  assert.equal(recorder.state, "buffering");
  const frames = [];
  for (const one of names) {
    await using film = await openRecording(`${folder}/${one}`);
    frames.push(...(await collect(film.frames())));
  }
  const indices = frames.map(({ index = -1 }) => index);
  assert.ok(indices[0]! < pressed, `frame ${indices[0]} was captured before frame ${pressed}`);
  const all = indices.map((_, n) => indices[0]! + n);
  assert.deepEqual(indices, all, "each frame once, in order");
  assert.equal((await verifyRecording(`${folder}/${name}`)).ok, true);
  await assert.rejects(thing.invoke("stop_recording"), /is not recording/);
});

test("a recorder whose frames are held while somebody watches leaves the camera off, and records without being watched", {
  timeout,
}, async (t) => {
  const options = { post_s: 0, pre_roll_while: "watched" } as const;
  const { client, recorder, camera } = await recorderFor(t, options);
  const { demand } = camera.mjpeg_stream;
  const thing = await client();
  assert.equal(demand.count, 0, "an idle recorder wants no frames");
  const { name } = Object(await thing.invoke("record", { until_stopped: true, max_delay: 10 }));
  assert.equal(demand.count, 1);
  const from = camera.mjpeg_stream.lastFrameIndex;
  while (camera.mjpeg_stream.lastFrameIndex < from + 5) await sleep(20);
  const { files, written } = Object(await thing.invoke("stop_recording"));
  assert.deepEqual([files[0].name, files.length], [name, 1]);
  assert.ok(written > 0);
  while (demand.count > 0) await sleep(20);

  const end = demand.take();
  const last = camera.mjpeg_stream.lastFrameIndex;
  while (camera.mjpeg_stream.lastFrameIndex < last + 30) await sleep(20);
  await thing.invoke("record", { until_stopped: true, max_delay: 10 });
  const watched = Object(await thing.invoke("stop_recording"));
  assert.ok(watched.written > 10, `${watched.written} frames were held while it was watched`);
  end();
  assert.equal(recorder.pre_roll, 0.4);
});

test("verify counts the frames of a recording for clients, and says what is damaged without the server's paths", {
  timeout,
}, async (t) => {
  const { camera, client, recorder, folder } = await recorderFor(t);
  const thing = await client();
  await thing.invoke("start_recording", { name: "film" });
  for (let n = 0; n < 5; n++) await camera.mjpeg_stream.grab();
  const { written } = Object(await thing.invoke("stop_recording"));
  const file = recorder.recordings.find((one) => one.name === "film.mkv")!;
  const whole = Object(await thing.invoke("verify", { id: file.id }));
  assert.deepEqual([whole.ok, whole.frames, whole.expected], [true, written, written]);
  assert.match(whole.sentence, /^film\.mkv: OK: /);

  const bytes = await readFile(file.path);
  bytes[bytes.lastIndexOf(Buffer.of(0xff, 0xd9)) - 20]! ^= 0xff;
  await writeFile(file.path, bytes);
  const damaged = Object(await thing.invoke("verify", { id: file.id }));
  assert.deepEqual(
    [damaged.ok, damaged.frames, damaged.expected, damaged.damaged],
    [false, written - 1, written, 1],
  );
  assert.match(damaged.sentence, /^film\.mkv: disagrees with its ledger: 1 frame .* damaged/);
  assert.ok(!damaged.sentence.includes(folder), damaged.sentence);
});

test("a trigger until_stopped ends when its folder is gone, is told of as lost, and the next one records", {
  timeout,
}, async (t) => {
  const { recorder, folder, client } = await recorderFor(t, { post_s: 0 });
  const thing = await client();
  await armed(recorder);
  const lost = new Promise((resolve) => recorder.recording_lost.on(resolve));
  const { name } = Object(await thing.invoke("record", { until_stopped: true, max_delay: 10 }));
  await rename(folder, `${folder}-away`);
  assert.deepEqual(await lost, { name, why: "its folder was moved, or its disk taken out" });
  assert.deepEqual([recorder.until_stopped, recorder.state], [false, "buffering"]);
  await assert.rejects(thing.invoke("stop_recording"), /is not recording/);
  await thing.invoke("record", { until_stopped: true, max_delay: 10 });
  assert.equal(recorder.until_stopped, true);
  const { ended, dropped } = Object(await thing.invoke("stop_recording"));
  assert.deepEqual([ended, dropped], ["stopped", 0]);
});
