import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { test } from "node:test";
import { delay } from "thingscope";
import { repairRecording, verifyRecording } from "thingscope/recording";
import { now } from "../../../src/base/clock.ts";
import { record } from "../../../src/cli/record.ts";
import type { LedgerFrame } from "../../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../../src/recording/ledger/video-names.ts";
import { RemoteCamera } from "../../../things/index.ts";
import { Terminal } from "../../cli/terminal.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually } from "../../streams/watching.ts";
import { folderFor, recorderFor } from "../../things/recorder-server.ts";
import { balancer } from "./balancer.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const LIVE = "/microscope/live";

test("what a camera shows is recorded from a mirror of a mirror, by a Recorder and by the command, with the camera's identities and times, and all that was lost on the way", {
  timeout: TEST_MS,
}, async (t) => {
  const microscope = new Microscope();
  const { live } = microscope;
  const source = await origin(t, { microscope });
  const way = await balancer(t, () => source.port);
  const near = await mirrorOf(t, way.url);
  const far = await mirrorOf(t, near.url);
  const camera = new RemoteCamera({ url: far.url + LIVE });
  const { folder, client } = await recorderFor(t, {}, { camera });
  const enough = new AbortController();
  const out = new Terminal();
  const io = { out, err: out, signal: enough.signal, json: true };
  const target = { url: `${far.url}/microscope/`, credentials: undefined };
  const films = await folderFor(t);
  const commanded = record(io, target, { out: films, name: "commanded" });
  const operator = await client();
  await operator.invoke("start_recording", { name: "recorded" });
  await eventually(() => liveOf(far).viewers.count === 2 && live.viewers.count === 1);

  const sent: number[] = [];
  const show = () =>
    sent.push(live.addFrame(picture(sent.length), { capturedAt: now() - 1 }).capturedAt);
  const command = ledgerPathOf(`${films}/commanded.mkv`);
  const shown = async (count: number) => {
    await eventually(() => camera.mjpeg_stream.stats.added >= count);
    while (((await readLedger(command))?.frames.length ?? 0) < count) await delay(20);
  };
  const showOne = async () => {
    show();
    await shown(sent.length);
  };
  await showOne();
  await showOne();
  live.noteLoss({ what: "lost", count: 3, why: "the driver skipped them" });
  live.offerFrame(picture(0).subarray(0, 50));
  await showOne();
  way.cut();
  await eventually(() => liveOf(near).placeholder !== undefined && live.viewers.count === 0);
  await eventually(() => live.viewers.count > 0);
  const showing = setInterval(show, 200); // who is being connected to may miss the first
  await shown(4).finally(() => clearInterval(showing));
  enough.abort();
  await commanded;
  await operator.invoke("stop_recording");

  const ways = [
    [`${folder}/recorded.mkv`, camera.mjpeg_stream.run],
    [`${films}/commanded.mkv`, liveOf(far).run],
  ] as const;
  for (const [path, run] of ways) {
    const { frames, summary } = (await readLedger(ledgerPathOf(path)))!;
    const listed = [...frames];
    const { origins } = await originsIn(path);
    assert.deepEqual(indicesIn(listed).slice(0, 3), [0, 1, 2]);
    assert.ok(listed.length >= 4);
    // All clocks are one here. The wire has microseconds.
    for (const { originIndex, capturedAt } of listed)
      assert.ok(Math.abs(capturedAt - sent[originIndex!]!) < 0.002, `${path}: ${originIndex}`);
    assert.equal(origins.length, 1, "the camera has had one run");
    const { capturedAt: _, ...first } = origins[0]!;
    const there = { stream: way.url + LIVE, originRun: live.run, originIndex: 0 };
    assert.deepEqual(first, { run, index: listed[0]?.index, ...there });
    const told = summary!.source.map(({ what, count }) => `${what} ${count}`);
    assert.deepEqual([...new Set(told)], ["lost 3", "refused 1", "outage 0"]);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
  }
  assert.equal(JSON.parse(out.text).dropped, 0);
  const asked = await fetch(`${far.url}/microscope/recordings/film`);
  assert.equal(
    ((await asked.json()) as { detail: string }).detail,
    `Thing 'microscope' has no affordance 'recordings'. It has: gain, live, moved, temperature. It is a mirror: other files and endpoints are at ${way.url}/microscope/.`,
  );
  const [path] = ways[1];
  const before = await originsIn(path);
  await changeByte(path);
  await repairRecording(path);
  assert.deepEqual(await originsIn(path), { ...before, indices: before.indices.toSpliced(1, 1) });
});

function indicesIn(frames: Iterable<LedgerFrame>): (number | undefined)[] {
  return [...frames].map(({ originIndex }) => originIndex);
}

async function originsIn(path: string) {
  const { frames, notes } = (await readLedger(ledgerPathOf(path)))!;
  const origins = notes.flatMap(({ note }) => ("origin" in note ? [note.origin] : []));
  return { indices: indicesIn(frames), origins };
}

/** Damages the second frame of a recording. */
async function changeByte(path: string): Promise<void> {
  const at = (await readLedger(ledgerPathOf(path)))!.frames.offsetAt(1) + 8;
  const file = await open(path, "r+");
  await file.write("?", at);
  await file.close();
}
