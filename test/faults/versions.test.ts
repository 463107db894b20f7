import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ThingHost } from "thingscope";
import { openRecording, repairRecording, verifyRecording } from "thingscope/recording";
import { TestLog } from "thingscope/testing";
import { Recorder, ReplayCamera, SimulatedStage } from "thingscope/things";
import { packagePath } from "../../src/base/package-root.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { collect } from "../recording/recordings.ts";

const EARLIER = packagePath("test", "fixtures", "earlier-version");

/** A copy of what an earlier version left, which goes with the test, and a host of the present one on it. */
async function upgraded(
  t: TestContext,
  change: (folder: string) => Promise<void> = async () => {},
) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-versions-"));
  await cp(EARLIER, folder, { recursive: true });
  await change(folder);
  const log = new TestLog();
  const host = new ThingHost({ settingsFolder: join(folder, "settings"), log: log.log });
  host.add("camera", new ReplayCamera({ path: packagePath("things", "images") }));
  host.add("stage", new SimulatedStage());
  const recorder = new Recorder({ folder: join(folder, "recordings"), reserve_mb: 1 });
  host.add("recorder", recorder, { slots: { camera: "camera" } });
  await host.open();
  t.after(async () => {
    await host.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, host, recorder, log, film: join(folder, "recordings", "film.mkv") };
}

test("F47: settings and recordings of an earlier version are taken as they are", async (t) => {
  const { host, recorder, log, film } = await upgraded(t);
  assert.equal(await host.get("camera").readProperty("settling_time"), 1.5);
  assert.equal(await host.get("recorder").readProperty("armed"), false);
  assert.deepEqual(await host.get("stage").readProperty("backlash_steps"), {
    x: 200,
    y: 200,
    z: 200,
  });
  log.assertQuiet();
  const { ok, sentence } = await verifyRecording(film);
  assert.ok(ok, sentence);
  await using recording = await openRecording(film);
  const frames = await collect(recording.frames());
  assert.deepEqual(
    frames.map(({ index }) => index),
    [3, 4, 5, 6, 7, 8, 9, 10],
  );
  assert.deepEqual(
    recorder.recordings.map((file) => [file.toJSON().name, file.toJSON().ended]),
    [["film.mkv", "stopped"]],
  );
});

test("F47: settings of a later version that this one does not know are kept for it, and a value that it refuses is kept in a copy", async (t) => {
  const later = { settling_time: "quick", shutter_of_tomorrow: { curve: [1, 2] } };
  const { folder, host, log } = await upgraded(t, async (folder) => {
    await writeFile(
      join(folder, "settings", "camera", "Settings-ReplayCamera.json"),
      JSON.stringify(later),
    );
  });
  await log.line(/settling_time.*It keeps its default/);
  await host.get("camera").writeProperty("settling_time", 0.5);
  const settings = join(folder, "settings", "camera");
  const saved = JSON.parse(await readFile(join(settings, "Settings-ReplayCamera.json"), "utf8"));
  assert.deepEqual(saved, { settling_time: 0.5, shutter_of_tomorrow: { curve: [1, 2] } });
  const copy = (await readdir(settings)).find((name) => name.includes(".broken-"));
  assert.deepEqual(JSON.parse(await readFile(join(settings, copy ?? ""), "utf8")), later);
});

test("F47: a recording whose ledger a later version wrote is refused with a sentence, and neither repaired nor changed", async (t) => {
  const { folder, film, log } = await upgraded(t, async (folder) => {
    const ledger = ledgerPathOf(join(folder, "recordings", "film.mkv"));
    const text = await readFile(ledger, "utf8");
    // As a later version would: another format, another kind of line for frames, and it was not closed.
    const lines = text.replace('{"ledger":1', '{"ledger":2').split("\n").slice(0, 5);
    await writeFile(ledger, `${lines.join("\n")}\n`);
  });
  const ledger = ledgerPathOf(film);
  const [before, ledgerBefore] = await Promise.all([readFile(film), readFile(ledger)]);
  const refusal = /has ledger format 2 .* reads only format 1. It was left unchanged/;
  await assert.rejects(openRecording(film), { code: "BAD_RECORDING", message: refusal });
  await assert.rejects(repairRecording(film), { code: "BAD_RECORDING", message: refusal });
  const { ok, sentence } = await verifyRecording(film);
  assert.equal(ok, false);
  assert.match(sentence, refusal);
  await log.line(refusal);
  assert.deepEqual([await readFile(film), await readFile(ledger)], [before, ledgerBefore]);
  const names = (await readdir(join(folder, "recordings"))).filter((name) => name !== ".lock");
  assert.deepEqual(names.sort(), ["film.ledger.jsonl", "film.mkv"]);
});
