import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Frame, MJPEGStream } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { RemoteRecording } from "../../src/cli/remote-recording.ts";
import { describeLostSum, lostWith, readLostSum } from "../../src/frames/lost-sum.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { program } from "../adapters/mirror/origins.ts";
import { patience, TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const timeout = TEST_MS;
const LARGE = "9".repeat(400);

/** A server that sends a part with each of these headers, beside those of a frame, and no more. */
function sending(t: TestContext, parts: readonly Readonly<Record<string, string>>[]) {
  return program(t, (_, response) => {
    response.setHeader("Content-Type", "multipart/x-mixed-replace; boundary=frame");
    response.write("--frame\r\n");
    for (const [n, own] of parts.entries()) {
      const jpeg = picture(n);
      const names = { "X-Stream-Run": "run", "X-Frame-Index": `${n}`, "X-Timestamp": `${n + 1e9}` };
      const headers = { "Content-Length": jpeg.length, ...names, ...own };
      for (const [name, value] of Object.entries(headers)) response.write(`${name}: ${value}\r\n`);
      response.write("\r\n");
      response.write(jpeg);
      response.write("\r\n--frame\r\n");
    }
  });
}

/** What a stream makes of them, and a recording. */
async function taken(t: TestContext, parts: readonly Readonly<Record<string, string>>[]) {
  const url = await sending(t, parts);
  const stream = new MJPEGStream();
  const frames: Frame[] = [];
  stream.onFrame((frame) => frames.push(frame));
  const runner = feed(stream, new MjpegHttpSource(url), { keepWarm: true });
  await eventually(() => frames.length === parts.length);
  await runner.stop();
  const end = new AbortController();
  const out = await temporaryFolder();
  const recording = new RemoteRecording({ url, credentials: undefined, out, name: "film" });
  const recorded = recording.run(AbortSignal.any([end.signal, patience()]));
  await eventually(() => recording.progress[1].includes(` ${parts.length} frames`));
  end.abort();
  const { captured, source } = await recorded;
  const { ok, sentence } = await verifyRecording(await recording.path);
  assert.ok(ok, sentence);
  const told = source.reduce((sum, { count }) => sum + count, 0);
  return { frames, lost: stream.stats.lostBySource, captured, told };
}

test("sums of lost frames that go back, or come and go, count nothing twice", {
  timeout,
}, async (t) => {
  const sums = [0, 10, 0, 10, 3, 12].map((lost) => ({ "X-Lost": `lost=${lost};refused=0` }));
  const odd = ["NaN", "lost=-5;refused=0", `lost=${LARGE};refused=0`, "lost=12;refused=0, 13"];
  const all = [...sums, ...odd.map((text) => ({ "X-Lost": text })), sums[5]!];
  const { lost, captured, told } = await taken(t, all);
  assert.deepEqual([lost, captured, told], [12, all.length, 12]);
  assert.deepEqual(readLostSum(describeLostSum({ lost: 1, refused: 2 })), { lost: 1, refused: 2 });
  const most = readLostSum("lost=999999999999999;refused=0");
  const more = lostWith(most, { what: "lost", count: 1e15, why: "" })!;
  assert.deepEqual(readLostSum(describeLostSum(more)), most);
});

test("an index that goes back in its run, or is no number, names no frame: pictures are taken, and what is recorded is whole", {
  timeout,
}, async (t) => {
  const back = await taken(
    t,
    [5, 9, 6, 9, 7, 10].map((index) => ({ "X-Frame-Index": `${index}` })),
  );
  assert.equal(back.lost, 3);
  assert.deepEqual(
    back.frames.map(({ origin }) => origin?.index),
    [5, 9, undefined, undefined, undefined, 10],
  );
  const large = await taken(
    t,
    ["0", LARGE, "99999999999999999999", "-1", "1"].map((index) => ({ "X-Frame-Index": index })),
  );
  assert.equal(large.lost, 0);
});

test("an origin whose numbers are too large is none, and damages no ledger", {
  timeout,
}, async (t) => {
  const origin = (index: string, time: string) => ({
    "X-Origin": `stream=x;run=y;index=${index};timestamp=${time}`,
  });
  const all = [
    origin("3", "1e9"),
    origin(LARGE, "1000000000"),
    origin("3", LARGE),
    origin("4", "1000000000"),
  ];
  const { frames } = await taken(t, [...all, { "X-Timestamp": LARGE }]);
  assert.deepEqual(
    frames.map(({ origin }) => origin && [origin.run, origin.index]),
    [["run", 0], ["run", 1], ["run", 2], ["y", 4], undefined],
  );
});
