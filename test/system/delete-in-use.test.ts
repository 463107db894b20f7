import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { ThingEvent } from "thingscope";
import { conversions } from "../../src/recording/export/conversion-queue.ts";
import { TEST_MS } from "../limits.ts";
import { irregular } from "../recording/irregular.ts";
import { record } from "../recording/recordings.ts";
import { ask } from "../server/requests.ts";
import { eventually } from "../streams/watching.ts";
import { recorderFor } from "../things/recorder-server.ts";
import { slowFfmpeg } from "./slow-ffmpeg.ts";

const timeout = TEST_MS;

/** A served recorder that has a recording of its own already, `film.mkv`. */
async function withFilm(t: TestContext, options = {}) {
  const served = await recorderFor(t, options);
  await record(irregular(), { path: join(served.folder, "film.mkv") });
  // It may be seen while it is being written, and is looked at again once it has ended.
  await eventually(() => served.recorder.recordings[0]?.toJSON().ended !== undefined);
  const remove = (n = 0) => {
    const path = `/recordings/${served.recorder.recordings[n]!.id}`;
    return ask(served.port, { method: "DELETE", path });
  };
  const files = async () =>
    (await readdir(served.folder)).filter((name) => !name.startsWith(".")).toSorted();
  return { ...served, thing: await served.client(), remove, files };
}

test("what is being exported is not deleted, nor exported to the same format once more, until the export is cancelled", {
  timeout,
}, async (t) => {
  await slowFfmpeg(t, "film");
  const { recorder, thing, remove, files } = await withFilm(t);
  const { id } = recorder.recordings[0]!;
  const cancel = new AbortController();
  const input = { id, format: "mp4", replace: true };
  const exporting = thing.invoke("export", input, { signal: cancel.signal });
  const exported = exporting.catch(() => {});
  const early = exporting.then(() => assert.fail("It was exported although its encoder waits."));
  await Promise.race([eventually(() => conversions.counts.running === 1), early]);
  early.catch(() => {}); // it is cancelled
  const refused = await remove();
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /'film\.mkv' is being exported/);
  await assert.rejects(thing.invoke("export", input), /is being exported/);
  cancel.abort();
  await exported;
  await eventually(() => !recorder.busy);
  assert.deepEqual(await files(), ["film.ledger.jsonl", "film.mkv"]);
  assert.equal((await remove()).status, 204);
  assert.deepEqual(await files(), []);
});

test("what is still being made an MP4 is not deleted, and nothing is there again after it was", {
  timeout,
}, async (t) => {
  const release = await slowFfmpeg(t, "nest");
  const { recorder, camera, thing, remove, files } = await withFilm(t, { format: "mp4" });
  await thing.invoke("start_recording", { name: "nest" });
  const { added } = camera.mjpeg_stream.stats;
  await eventually(() => camera.mjpeg_stream.stats.added > added + 5);
  const stopped = thing.invoke("stop_recording");
  await eventually(() => recorder.recordings[0]!.toJSON().ended === "stopped");
  assert.equal(recorder.recordings[0]!.name, "nest.mkv");
  const refused = await remove();
  assert.equal(refused.status, 409, refused.text);
  assert.match(refused.text, /'nest\.mkv' is being converted/);
  await release();
  await stopped;
  assert.deepEqual(
    (await files()).filter((name) => name.startsWith("nest")),
    ["nest.ledger.jsonl", "nest.mp4"],
  );
  assert.equal(recorder.recordings[0]!.name, "nest.mp4");
  assert.equal((await remove()).status, 204);
  assert.deepEqual(await files(), ["film.ledger.jsonl", "film.mkv"]);
  assert.equal(recorder.recordings.length, 1);
});

/** Has all places taken at which something is converted, until the test is over. */
function fullQueue(t: TestContext): void {
  const over = new AbortController();
  const busy = () => once(over.signal, "abort").then(() => {});
  for (let n = 0; n < 6; n++) void conversions.run({ isGrowing: () => n < 4 }, busy);
  t.after(() => over.abort());
}

test("an export that only waits is taken back by the DELETE of its recording", {
  timeout,
}, async (t) => {
  fullQueue(t);
  const { recorder, thing, remove, files } = await withFilm(t);
  const { id } = recorder.recordings[0]!;
  const exported = thing.invoke("export", { id, format: "mp4" });
  exported.catch(() => {});
  await eventually(() => conversions.counts.waiting === 1);
  assert.equal((await remove()).status, 204);
  await assert.rejects(exported, /was deleted before the export began/);
  assert.deepEqual([await files(), conversions.counts.waiting], [[], 0]);
});

test("a recording that waits to be made an MP4 is deleted, and nobody is told that it is lost", {
  timeout,
}, async (t) => {
  fullQueue(t);
  const { recorder, camera, thing, remove, files } = await withFilm(t, { format: "mp4" });
  const told: unknown[] = [];
  for (const event of [recorder.recording_lost, recorder.export_failed]) {
    (event as ThingEvent<unknown>).on((what) => told.push(what));
  }
  await thing.invoke("start_recording", { name: "nest" });
  const { added } = camera.mjpeg_stream.stats;
  await eventually(() => camera.mjpeg_stream.stats.added > added + 5);
  const stopped = thing.invoke("stop_recording");
  await eventually(() => recorder.recordings[0]!.toJSON().ended === "stopped");
  assert.equal((await remove()).status, 204);
  await stopped;
  await eventually(() => !recorder.busy);
  assert.deepEqual([await files(), told], [["film.ledger.jsonl", "film.mkv"], []]);
});

test("a server that is stopped during an export leaves the recording, and nothing half made", {
  timeout,
}, async (t) => {
  await slowFfmpeg(t, "film");
  const { recorder, url, server, files } = await withFilm(t);
  const input = { id: recorder.recordings[0]!.id, format: "webm", replace: true };
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify(input);
  await fetch(`${url}/recorder/export`, { method: "POST", headers, body });
  await eventually(() => recorder.busy);
  await server.close();
  assert.deepEqual(await files(), ["film.ledger.jsonl", "film.mkv"]);
});
