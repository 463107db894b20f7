import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TEST_MS } from "../limits.ts";
import { SEED } from "../seed.ts";
import { eventually } from "../streams/watching.ts";
import { assertWhole, Bench, type Outcome } from "./at-once.ts";

const timeout = TEST_MS;
const LONG = process.env.THINGSCOPE_LONG !== undefined;
/** How often each pair of operations runs at once, and how many pairs do. */
const [ROUNDS, PAIRS] = LONG ? [20, Number.POSITIVE_INFINITY] : [2, 10];

const succeeded = (outcomes: readonly Outcome[]) => outcomes.filter((one) => "value" in one);
const codes = (outcomes: readonly Outcome[]) =>
  outcomes.flatMap((one) => ("code" in one ? one.code : []));

for (const thing of ["one", "group"]) {
  test(`of eight starts of '${thing}' at once one begins, seven are refused and told what records, and one stop ends all`, {
    timeout,
  }, async (t) => {
    const bench = await Bench.for(t);
    const starts = await Promise.all(
      Array.from({ length: 8 }, () => bench.invoke(thing, "start_recording", { name: "nest" })),
    );
    assert.equal(succeeded(starts).length, 1);
    assert.deepEqual(codes(starts), Array(7).fill("LOCK_BUSY"));
    for (const one of starts) if ("why" in one) assert.match(one.why, /'nest(\.mkv)?'/);
    assert.equal(succeeded([await bench.invoke(thing, "stop_recording")]).length, 1);
    assert.deepEqual(codes([await bench.invoke(thing, "stop_recording")]), ["NOT_READY"]);
    await bench.assertSound();
  });

  test(`a stop of '${thing}' while it begins stops it, and nothing records on`, {
    timeout,
  }, async (t) => {
    const bench = await Bench.for(t);
    for (let round = 0; round < 5; round++) {
      const started = bench.invoke(thing, "start_recording", { name: "nest" });
      await eventually(() => (thing === "one" ? bench.recorders[0]! : bench.group).busy);
      await sleep(round); // sooner or later on its way
      const stopped = await bench.invoke(thing, "stop_recording");
      assert.ok("value" in stopped, JSON.stringify(stopped));
      assert.deepEqual(
        [bench.recorders.map(({ busy }) => busy), bench.group.busy],
        [[false, false], false],
      );
      await started;
    }
    await bench.assertSound();
  });
}

test("a group that is closed while it records writes its manifest first", {
  timeout,
}, async (t) => {
  const bench = await Bench.for(t);
  await bench.invoke("group", "start_recording", { name: "trial" });
  const { added } = bench.camera.mjpeg_stream.stats;
  await eventually(() => bench.camera.mjpeg_stream.stats.added > added + 5);
  await bench.server.close();
  const text = await readFile(join(bench.folder, "trial.manifest.json"), "utf8");
  const { recordings } = JSON.parse(text) as { recordings: { written: number; files: object[] }[] };
  assert.equal(recordings.length, 2);
  for (const { written, files } of recordings)
    assert.deepEqual([written > 3, files.length], [true, 1]);
  await assertWhole(bench.folder);
});

test("a group all of whose recorders were stopped one by one has ended, with its manifest", {
  timeout,
}, async (t) => {
  const bench = await Bench.for(t);
  await bench.invoke("group", "start_recording", { name: "trial" });
  const { added } = bench.camera.mjpeg_stream.stats;
  await eventually(() => bench.camera.mjpeg_stream.stats.added > added + 5);
  await bench.invoke("one", "stop_recording");
  assert.equal(bench.group.busy, true);
  await bench.invoke("two", "stop_recording");
  await eventually(() => !bench.group.busy);
  assert.equal((await bench.list("/group/manifests"))[0]?.name, "trial.manifest.json");
  await bench.assertSound();
});

test("when one recorder of a group cannot be triggered, the others are, and the error names their files", {
  timeout,
}, async (t) => {
  const bench = await Bench.for(t);
  await bench.write("two", "armed", false);
  await eventually(() => bench.recorders[0]!.state === "buffering");
  const outcome = await bench.invoke("group", "record", { max_delay: 30 });
  assert.ok("why" in outcome && outcome.code === "NOT_READY", JSON.stringify(outcome));
  assert.match(outcome.why, /'two' does not hold frames.*are recording: 'camera_\w+\.mkv'/);
  await bench.assertSound();
});

type Operation = (bench: Bench) => Promise<unknown>;

/** What clients do. Each may fail with a sentence; what must hold is looked at afterwards. */
const OPERATIONS: Readonly<Record<string, Operation>> = {
  "start one": (bench) => bench.invoke("one", "start_recording", { name: "nest" }),
  "stop one": (bench) => bench.invoke("one", "stop_recording"),
  "start two, split": (bench) =>
    bench.invoke("two", "start_recording", { name: "nest", split: 0.05, max_files: 2 }),
  "stop two": (bench) => bench.invoke("two", "stop_recording"),
  "start the group": (bench) => bench.invoke("group", "start_recording", { name: "nest" }),
  "stop the group": (bench) => bench.invoke("group", "stop_recording"),
  "trigger one": (bench) => bench.invoke("one", "record", { max_delay: 0.2 }),
  "trigger the group": (bench) => bench.invoke("group", "record", { max_delay: 0.2 }),
  "timelapse of two": (bench) =>
    bench.invoke("two", "timelapse", { name: "nest", interval: 0.02, count: 3 }),
  "still of one": (bench) => bench.invoke("one", "capture_still", { name: "nest", settle: false }),
  "arm one": (bench) => bench.write("one", "armed", true),
  "disarm one": (bench) => bench.write("one", "armed", false),
  "delete the newest": (bench) => bench.ofNewest("DELETE", "/one/recordings"),
  "delete the newest by two": (bench) => bench.ofNewest("DELETE", "/two/recordings"),
  "delete the one before": (bench) => bench.ofNewest("DELETE", "/recordings", 1),
  "fetch the newest": (bench) => bench.ofNewest("GET", "/recordings"),
};

/** Each with each, itself included, in an order that the seed makes. */
function pairs(): [string, string][] {
  const names = Object.keys(OPERATIONS);
  const all = names.flatMap((one, n) =>
    names.slice(n).map((other): [string, string] => [one, other]),
  );
  let state = SEED;
  const random = () => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return state / 2 ** 31;
  };
  return all
    .map((pair) => ({ pair, at: random() }))
    .sort((a, b) => a.at - b.at)
    .slice(0, PAIRS)
    .map(({ pair }) => pair);
}

test(`whatever is done at once, nothing records on, lists and folder agree, and each file is whole (seed ${SEED})`, {
  timeout: LONG ? 20 * timeout : timeout,
}, async (t) => {
  const bench = await Bench.for(t);
  for (const [one, other] of pairs()) {
    for (let round = 0; round < ROUNDS; round++) {
      const both = [one, other, one, other].map((name) => OPERATIONS[name]!(bench));
      await Promise.all(both);
      if (round % 2 === 1) continue; // the next goes on from what this one leaves
      await bench.quiet();
    }
    await t.test(`${one}, and ${other}`, () => bench.assertSound());
    for (const { id } of await bench.list("/one/recordings")) {
      await fetch(`${bench.url}/recordings/${id}`, { method: "DELETE" });
    }
  }
});

for (const [name, operation] of Object.entries(OPERATIONS).filter(
  ([name]) => LONG || /^(start|timelapse|trigger the)/.test(name),
)) {
  test(`a server that is stopped during "${name}" leaves whole files, and nothing of it goes on`, {
    timeout,
  }, async (t) => {
    for (const ms of LONG ? [0, 1, 2, 5, 10, 20, 50, 100] : [3, 40]) {
      const bench = await Bench.for(t);
      bench.waits = false;
      const asked = operation(bench).catch(() => {}); // the server may be gone by then
      await sleep(ms);
      await bench.server.close();
      await assertWhole(bench.folder);
      assert.equal(bench.camera.mjpeg_stream.demand.count, 0);
      assert.ok(!(await readdir(bench.folder)).includes(".lock"));
      await asked;
    }
  });
}
