import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type FrameGap,
  type FrameSize,
  frameSizes,
  nextFrameSize,
  ThingClient,
} from "thingscope/client";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { FakeServer } from "./fake-server.ts";
import { openLab } from "./instrument.ts";

async function take<T>(values: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of values) {
    taken.push(value);
    if (taken.length === count) break;
  }
  return taken;
}

const indices = (told: (FrameSize | FrameGap)[]) =>
  told.map((entry) => ("index" in entry ? entry.index : entry.kind));

test("every frame's size is told once, from the moment on at which the subscription stands", {
  timeout: TEST_MS,
}, async () => {
  await using lab = await openLab();
  const { live } = lab.instrument;
  live.addFrame(picture(0));
  const sizes = frameSizes(`${lab.origin}/instrument/live`);
  await sizes.opened;
  for (let n = 1; n <= 30; n++) live.addFrame(picture(n, 1000 + n));
  const told = await take(sizes, 30);
  assert.deepEqual(
    indices(told),
    Array.from({ length: 30 }, (_, n) => n + 1),
  );
  const [first] = told;
  assert.ok(first && "size" in first);
  assert.deepEqual([first.run, first.size], [live.run, 1001]);
  const again = frameSizes(`${lab.origin}/instrument/live?width=80`, {
    after: { run: live.run, index: 20 },
  });
  assert.deepEqual(indices(await take(again, 3)), [21, 22, 23]);
  const client = await ThingClient.connect(lab.url);
  const byName = client.frameSizes("live", { after: { run: live.run, index: 28 } });
  assert.deepEqual(indices(await take(byName, 2)), [29, 30]);
});

test("the next frame's size comes with its identity", { timeout: TEST_MS }, async () => {
  await using lab = await openLab();
  const { live } = lab.instrument;
  live.addFrame(picture(0, 5000));
  const asked = nextFrameSize(`${lab.origin}/instrument/live`);
  while (live.demand.count === 0) await new Promise(setImmediate);
  live.addFrame(picture(1, 6000));
  const { capturedAt, ...rest } = await asked;
  assert.deepEqual(rest, { run: live.run, index: 1, size: 6000 });
  assert.ok(Math.abs(capturedAt - live.newest!.capturedAt) < 0.01);
});

test("a new run is told, and a connection that broke loses nothing", {
  timeout: TEST_MS,
}, async () => {
  await using lab = await openLab();
  const { live } = lab.instrument;
  const { run } = live;
  live.addFrame(picture(0));
  live.addFrame(picture(1));
  live.reset();
  live.addFrame(picture(2));
  const sizes = frameSizes(`${lab.origin}/instrument/live`, { after: { run, index: 0 } });
  assert.deepEqual(indices(await take(sizes, 3)), [1, "run", 0]);
});

test("what a server leaves out without a word is told as a gap", { timeout: TEST_MS }, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  const entry = (run: string, index: number) => ({ run, index, capturedAt: 1, size: 2 });
  const connections = [
    [entry("a", 4), entry("a", 5), { kind: "gap", run: "a", from: 6, to: 7 }, entry("a", 8)],
    [entry("a", 11), entry("b", 1)],
  ];
  const asked: unknown[] = [];
  server.answer("GET /live/sizes", (request, response) => {
    asked.push(request.headers["last-event-id"]);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    for (const told of connections.shift() ?? []) {
      const id = "index" in told ? `id: ${told.run}:${told.index}\n` : "";
      response.write(`event: frame\n${id}data: ${JSON.stringify(told)}\n\n`);
    }
    response.end();
  });
  const told = await take(frameSizes(`${origin}/live`), 9);
  assert.deepEqual(told.slice(3), [
    entry("a", 8),
    { kind: "gap", run: "a", from: 9, to: 10 },
    entry("a", 11),
    { kind: "run", run: "b", previousRun: "a" },
    { kind: "gap", run: "b", from: 0, to: 0 },
    entry("b", 1),
  ]);
  assert.deepEqual(asked, [undefined, "a:8"]);
});
