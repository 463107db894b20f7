import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { messageOf } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { FAULT_KINDS } from "thingscope/testing";
import { ThingClient } from "../../src/client/index.ts";
import { patience, TEST_MS } from "../limits.ts";
import { SEED } from "../seed.ts";
import { HealthyViewer } from "../streams/healthy-viewer.ts";
import { eventually } from "../streams/watching.ts";
import { faultsByName } from "./faulty-server.ts";
import { type FaultyServer, faultyServer } from "./serving.ts";
import { provoke } from "./wires.ts";

// Ten minutes, each fault alone, and blocks of 2 s: THINGSCOPE_LONG=1 npm run test:faults -- F33
const long = process.env.THINGSCOPE_LONG === "1";
const minutes = long ? 10 : 0;
const blocksMs = long ? 2000 : 100;
const timeout = long ? 25 * 60_000 : 2 * TEST_MS;

test("F33: a Thing with any fault, over every wire, changes nothing for a camera, its ten viewers and its recorder", {
  timeout,
}, async (t) => {
  const server = await faultyServer(t, blocksMs);
  const viewers = Array.from(
    { length: 10 },
    () => new HealthyViewer(server.port, "/camera/mjpeg_stream"),
  );
  await eventually(() => viewers.every(({ received }) => received > 5));
  const recorder = await ThingClient.connect(`${server.url}/recorder/`);
  await recorder.invoke("start_recording", { name: "healthy" });
  const start = performance.now();
  let provoked = 0;
  let known = 0;
  const wrong: string[] = [];
  /** Goes on, so that one run tells all that is wrong. */
  const look = async (after: string) => {
    assert.ok(server.isRunning(), `The server ended after ${after}`);
    for (; known < server.uncaught.length; known++)
      wrong.push(`${after}: ${where(server.uncaught[known])}`);
    wrong.push(...(await othersThatAreNotFine(server)).map((other) => `${after}: ${other}`));
  };
  do {
    for (const [place, names] of faultyByPlace()) {
      // The short form has all faults of one place happen at once, the long one each alone.
      const groups = long ? names.map((name) => [name]) : [names];
      for (const group of groups) {
        await Promise.all(group.map((name) => provoke(server, name)));
        provoked += group.length;
        await look(group.length === 1 ? group.join() : place);
      }
    }
    await Promise.all(FAULT_KINDS.map((kind) => watchFaultyCamera(server, kind)));
    await look("camera");
    await askThorVision(server);
    await look("thorvision");
  } while (performance.now() - start < minutes * 60_000);
  assert.deepEqual([...new Set(wrong)], []);
  assert.ok(server.callbacks() > 0, "No webhook was called: this shows too little");
  await assertRecorded(t, server, recorder);
  for (const viewer of viewers) {
    assert.equal(viewer.closed, false);
    assert.equal(viewer.missed, 0, `${viewer.missed} of ${viewer.received} frames missed`);
  }
  t.diagnostic(
    `${provoked} faults over 9 wires; each of 10 viewers got ${viewers[0]?.received} frames, missed 0`,
  );
  t.diagnostic(`healthy clients were told to come again ${toldToWait} times`);
  const { closedInMs = 0, logged } = await server.close();
  t.diagnostic(`closed in ${Math.round(closedInMs)} ms; ${logged?.lines} lines logged`);
  assert.deepEqual(server.uncaught, []);
});

/** Names of Things by the place of their fault. */
function faultyByPlace(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  const all = [...faultsByName(blocksMs)];
  // The short form has half of them, in each run others.
  const chosen = all.filter((_, n) => long || (n + SEED) % 2 === 0);
  for (const [name, { at }] of chosen) groups.set(at, [...(groups.get(at) ?? []), name]);
  return groups;
}

/** The first lines of an error's stack. */
function where(stack = ""): string {
  return stack.split("\n").slice(0, 6).join(" ").replace(/\s+/g, " ");
}

/** What others are served is as it was: their values, descriptions, the list of all, and `/health`. */
async function othersThatAreNotFine({ url }: FaultyServer): Promise<string[]> {
  const wrong: string[] = [];
  for (const path of ["/camera/stream_active", "/camera/", "/thing_descriptions/", "/health"]) {
    const answer = await answerInTurn(url + path);
    const { text } = answer;
    if (answer.status !== 200)
      wrong.push(`${path} answered ${answer.status}: ${text.slice(0, 300)}`);
    else if (path === "/health" && JSON.parse(text).things.camera.state !== "open")
      wrong.push(text);
  }
  return wrong;
}

/** How often a healthy client was told to come again. */
let toldToWait = 0;

/** Large answers wait for those that the faulty ones' clients asked for from the same address: one that has to is asked again. */
async function answerInTurn(url: string): ReturnType<typeof answerOf> {
  for (let tries = 0; ; tries++) {
    const answer = await answerOf(url);
    if (answer.status !== 503 || !answer.text.includes("TOO_BUSY") || tries === 20) return answer;
    toldToWait += 1;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** A camera whose source fails is watched, and asked for a snapshot. */
async function watchFaultyCamera(server: FaultyServer, kind: string): Promise<void> {
  const over = new AbortController();
  const at = `${server.url}/camera_${kind}/mjpeg_stream`;
  const signal = over.signal;
  fetch(at, { signal })
    .then((answer) => answer.arrayBuffer())
    .catch(() => {});
  await fetch(`${at}/snapshot`, { signal: AbortSignal.timeout(1000) })
    .then((answer) => answer.arrayBuffer())
    .catch(() => {});
  over.abort();
}

/** The adapter that has all of them in its slot lists the healthy camera on its own port. */
async function askThorVision({ url }: FaultyServer): Promise<void> {
  const address = JSON.parse(await textOf(`${url}/thorvision/address`));
  const cameras: { name: string }[] = JSON.parse(await textOf(`http://${address}/cameras`));
  assert.ok(
    cameras.some(({ name }) => name === "camera"),
    JSON.stringify(cameras),
  );
}

const textOf = async (url: string) => (await answerOf(url)).text;

async function answerOf(url: string): Promise<{ status: number; text: string }> {
  const failed = (error: unknown) => assert.fail(`${url} did not answer: ${messageOf(error)}`);
  const answer = await fetch(url, { signal: patience() }).catch(failed);
  return { status: answer.status, text: await answer.text().catch(failed) };
}

async function assertRecorded(
  t: TestContext,
  server: FaultyServer,
  recorder: ThingClient,
): Promise<void> {
  assert.ok(server.isRunning());
  const summary = Object(await recorder.invoke("stop_recording"));
  assert.equal(summary.captured, summary.written, JSON.stringify(summary));
  assert.equal(summary.dropped, 0);
  const { ok, sentence } = await verifyRecording(`${server.folder}/recordings/healthy.mkv`);
  assert.ok(ok, sentence);
  t.diagnostic(`the recorder has ${summary.written} frames of ${summary.captured}`);
}
