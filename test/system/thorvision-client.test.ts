import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { basename, dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { ThingHost, ThingServer } from "thingscope";
import {
  extractMetadata,
  type Stream,
  ThorVisionCamera,
  ThorVisionClient,
} from "thingscope/thorvision";
import { listenOn } from "../../src/adapters/wire-address.ts";
import { freeUdpPort, PulseCamera, thorVisionFor, until } from "../adapters/thorvision/serving.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { childrenOf } from "./pipelines.ts";

const timeout = TEST_MS;
const host = "127.0.0.1";
const isThingError = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof Error && Reflect.get(error, "code") === code && words.test(error.message);

function folderFor(_: TestContext): Promise<string> {
  return temporaryFolder("thingscope-thorvision-");
}

/** The metadata of each file of a stream, in order. */
async function filesOf({ videoPath }: Stream) {
  const start = basename(videoPath).replace("%02d.mkv", "");
  const names = (await readdir(dirname(videoPath))).filter((name) => name.startsWith(start));
  return Promise.all(names.sort().map((name) => extractMetadata(join(dirname(videoPath), name))));
}

test("the client records two cameras into files of the length that was asked for, without a gap", {
  timeout,
}, async (t) => {
  const cameras = { left: new PulseCamera(), "right-hand": new PulseCamera() };
  const { thing, port } = await thorVisionFor(t, cameras);
  await until(() => thing.available.length === 2);
  const folder = await folderFor(t);
  await using client = await ThorVisionClient.connect({ host, port });
  const listed = await client.listCameras();
  const [left, right] = listed as [(typeof listed)[0], (typeof listed)[0]];
  const [first, second] = await Promise.all([
    client.startStreamWithRecording(left, left.capabilities[0]!, folder, { splitMaxTimeSec: 1 }),
    client.startStreamWithRecording(right, right.capabilities[0]!, folder, {
      gstreamerDebug: true,
    }),
  ]);
  assert.equal(await client.startStreamWithRecording(left, left.capabilities[0]!, folder), first);
  assert.deepEqual([...client.streams.keys()].sort(), [0, 1]);
  assert.deepEqual([first.port, second.port].sort(), [9001, 9002]);
  assert.match(basename(second.videoPath), /^1_right_hand_\d{8}_\d{6}-%02d\.mkv$/);
  await sleep(3500);
  await client.stopStream(0);
  assert.equal(first.process.pid === undefined, false);
  assert.deepEqual(await first.process.ended, { code: 0, signal: null });
  await client.cleanStreams();
  assert.equal(client.streams.size, 0);
  assert.deepEqual(thing.streams, []);

  const split = await filesOf(first);
  assert.ok(split.length >= 3, `${split.length} files`);
  const all = split.flat();
  assert.deepEqual(
    all.map(({ sampleIndex }) => sampleIndex),
    all.map((_, n) => all[0]!.sampleIndex + n),
  );
  for (const rows of split) assert.ok(rows.at(-1)!.framePts - rows[0]!.framePts < 1200);
  const [whole = []] = await filesOf(second);
  assert.ok(whole.length > 60 && whole.every(({ ttlIn }) => ttlIn === 5), `${whole.length} frames`);
  const seconds = Number(whole.at(-1)!.gstreamerPts - whole[0]!.gstreamerPts) / 1e9;
  assert.ok(Math.abs(whole.length / seconds - 30) < 4, `${whole.length} frames in ${seconds} s`);
  assert.match(await readFile(second.gstreamerLogFilePath!, "utf8"), /srtclientsrc|GstPipeline/);
  const logs = await ThorVisionClient.listLogs({ host, port });
  assert.match(await ThorVisionClient.getLog(logs[0]!, { host, port }), /Caller \d+ connected/);
});

test("what cannot be recorded leaves no stream on the server and no program behind", {
  timeout,
}, async (t) => {
  const { thing, port } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const folder = await folderFor(t);
  await writeFile(join(folder, "file"), "");
  const client = await ThorVisionClient.connect({ host, port });
  const [camera] = await client.listCameras();
  const start = (capability: object, where: string) =>
    client.startStreamWithRecording(
      camera!,
      { ...camera!.capabilities[0]!, ...capability },
      join(folder, where),
    );
  await assert.rejects(start({}, "file/below"), /ENOTDIR/);
  assert.deepEqual([thing.streams, client.streams.size], [[], 0]);
  await assert.rejects(
    start({ width: 9999 }, "movies"),
    isThingError("SOURCE_FAILED", /\/jpeg answered 400: Camera 0 does not offer/),
  );
  await assert.rejects(
    client.stopStream(0),
    isThingError("NOT_FOUND", /Camera 0 is not being recorded/),
  );
  await assert.rejects(
    ThorVisionClient.getLog("none", { host, port }),
    isThingError("SOURCE_FAILED", /answered 404: There is no log 'none'/),
  );
  assert.deepEqual(childrenOf(), []);
});

test("a server that is not there, or is another, is told; another format is refused before it is asked", {
  timeout,
}, async (t) => {
  const gone = createServer();
  const freePort = await listenOn(gone, host, 0);
  await new Promise((resolve) => gone.close(resolve));
  const nobody = new ThorVisionClient({ host, port: freePort });
  const camera = { id: 0, name: "c", capabilities: [] };
  const raw = { media_type: "video/x-raw", format: "NV12", width: 8, height: 8, framerate: "1/1" };
  await assert.rejects(
    nobody.startStreamWithRecording(camera, raw, "nowhere"),
    isThingError("BAD_ARGUMENT", /'video\/x-raw,format=NV12,.*Choose a capability of image\/jpeg/),
  );
  await assert.rejects(
    nobody.ready,
    isThingError("SOURCE_FAILED", /not reachable at 127\.0\.0\.1:\d+: .*ECONNREFUSED/),
  );
  const other = createServer((_, response) => response.end('{"cameras": 3}'));
  t.after(() => other.close());
  const port = await listenOn(other, host, 0);
  await assert.rejects(
    ThorVisionClient.connect({ host, port }),
    isThingError("SOURCE_FAILED", /did not answer like a ThorVision server: \{"cameras": 3\}/),
  );
});

test("a ThorVisionCamera serves what it receives, with its metadata, and asks only while it is watched", {
  timeout,
}, async (t) => {
  const { thing, port } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const camera = new ThorVisionCamera({
    ...{ host, port, camera: "left", srt_port: await freeUdpPort() },
  });
  const things = new ThingHost({ settingsFolder: await folderFor(t) });
  things.add("remote", camera);
  const server = new ThingServer(things);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  assert.deepEqual(tdFaults(await (await fetch(`${url}/remote/`)).json()), []);
  assert.equal(thing.streams.length, 0);
  const frame = await camera.mjpeg_stream.grab(patience());
  assert.deepEqual([frame.width, frame.height], [320, 240]);
  const { metadata } = camera;
  assert.ok(metadata && metadata.sample_index >= 0 && metadata.ttl_in === 5);
  assert.deepEqual(
    thing.streams.map((stream) => stream.camera),
    ["left"],
  );
  await server.close();
  await until(() => thing.streams.length === 0);
});

test("what the server dropped is told by the frame that comes next, and how many they were", {
  timeout,
}, async (t) => {
  const { thing, port } = await thorVisionFor(t);
  await until(() => thing.available.length === 1);
  const camera = new ThorVisionCamera({ host, port, srt_port: await freeUdpPort() });
  const things = new ThingHost({ settingsFolder: await folderFor(t) });
  things.add("remote", camera);
  await things.open();
  t.after(() => things.close());
  let [frames, lost, before] = [0, 0, 0];
  const mistold: string[] = [];
  camera.mjpeg_stream.onFrame(({ lossesBefore = [] }) => {
    const index = camera.metadata!.sample_index;
    const missing = frames++ === 0 ? 0 : index - before - 1;
    const told = lossesBefore.reduce((sum, { count }) => sum + count, 0);
    if (told !== missing) mistold.push(`${told} before frame ${index}, which follows ${before}`);
    before = index;
    lost += told;
  });
  const release = camera.mjpeg_stream.demand.take();
  await until(() => frames > 20);
  assert.equal(lost, 0);
  const [pid] = thing.pids;
  process.kill(pid!, "SIGSTOP");
  await until(() => thing.streams[0]!.dropped.behind >= 15);
  process.kill(pid!, "SIGCONT");
  const frozenAt = frames;
  await until(() => frames > frozenAt + 60);
  const { behind } = thing.streams[0]!.dropped;
  // More, if SRT itself gave up what it was sending when it was stopped: the frames' own numbers tell how many.
  assert.ok(lost >= behind, `${lost} are told as lost, ${behind} were dropped`);
  assert.deepEqual(mistold, []);
  assert.equal(thing.streams[0]!.restarts, 0);
  release();
});

test("a capability that is none is told when a ThorVisionCamera is made", () => {
  assert.throws(
    () => new ThorVisionCamera({ capability: "1280x720" }),
    isThingError("BAD_ARGUMENT", /'1280x720', but must have the form image\/jpeg,width=1280/),
  );
});
