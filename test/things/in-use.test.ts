import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logTo } from "thingscope";
import { repairFolder } from "../../src/recording/repair/repair-folder.ts";
import { TEST_MS } from "../limits.ts";
import { killedWhileRecording } from "../recording/killed.ts";
import { frames, record } from "../recording/recordings.ts";
import { ask } from "../server/requests.ts";
import { eventually } from "../streams/watching.ts";
import { assertWhole, Bench } from "./at-once.ts";
import { folderFor, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

test("a download goes on to its end when the file is deleted meanwhile, and the next one finds nothing", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const { summary } = await record(frames(200, 10, 200_000), { path: join(folder, "film.mkv") });
  const { recorder, url, port } = await recorderFor(t, { folder });
  const path = `/recordings/${recorder.recordings[0]!.id}`;
  const answer = await fetch(`${url}${path}`);
  const reader = answer.body!.getReader();
  let bytes = (await reader.read()).value!.length;
  assert.equal((await ask(port, { method: "DELETE", path })).status, 204);
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name !== ".lock"),
    [],
  );
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    bytes += part.value.length;
  }
  assert.equal(bytes, summary.bytes);
  assert.equal((await fetch(`${url}${path}`)).status, 404);
});

test("eight stills of one name at once are eight files", { timeout }, async (t) => {
  const bench = await Bench.for(t);
  const input = { name: "cell", settle: false };
  const stills = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      bench.invoke(n % 2 ? "one" : "two", "capture_still", input),
    ),
  );
  assert.ok(
    stills.every((one) => "value" in one),
    JSON.stringify(stills),
  );
  const names = (await bench.list("/recordings")).map(({ name }) => name).toSorted();
  const numbered = [2, 3, 4, 5, 6, 7, 8].map((n) => `cell-${n}.jpg`);
  assert.deepEqual(names, [...numbered, "cell.jpg"]);
  await bench.assertSound();
});

test("a trigger is answered with its file or with a sentence, however often 'armed' is set meanwhile", {
  timeout,
}, async (t) => {
  const bench = await Bench.for(t);
  const [one] = bench.recorders;
  await eventually(() => one!.state === "buffering");
  const all = await Promise.all(
    Array.from({ length: 24 }, async (_, n) => {
      if (n % 3 === 0) return bench.invoke("one", "record", { max_delay: 1 });
      return bench.write("one", "armed", n % 3 === 1);
    }),
  );
  for (const outcome of all) {
    if ("value" in outcome) continue;
    assert.equal(outcome.code, "NOT_READY", outcome.why);
    assert.match(outcome.why, /'armed' to true/);
  }
  await bench.assertSound();
});

test("a recording that a crash left open can be deleted before it is repaired, and nothing warns of it", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  await killedWhileRecording(join(folder, "crashed.mkv"), 400);
  const { recorder, port } = await recorderFor(t, { folder });
  const lines: string[] = [];
  const log = logTo((level, message) => level === "warn" && lines.push(message));
  const repaired = repairFolder(folder, { log, quietMs: 1000 });
  const path = `/recordings/${recorder.recordings[0]!.id}`;
  assert.equal((await ask(port, { method: "DELETE", path })).status, 204);
  await repaired;
  await recorder.close();
  await assertWhole(folder);
  assert.deepEqual(lines, []);
});
