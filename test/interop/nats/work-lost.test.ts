import assert from "node:assert/strict";
import { test } from "node:test";
import type { jetstreamManager } from "@nats-io/jetstream";
import { logTo } from "thingscope";
import { RecordingWriter } from "thingscope/recording";
import { verifyTickets } from "thingscope/work";
import { patience, TEST_MS } from "../../limits.ts";
import { numberIn } from "../../streams/pictures.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { natsServerFor } from "./nats-server.ts";
import { endsOf, ledgersIn, managerFor, queueFor, STREAM, workerFor } from "./queue.ts";

const timeout = TEST_MS;

/** Resolves when a line of the log matches. */
function logged(pattern: RegExp) {
  const lines: string[] = [];
  const waiting: { pattern: RegExp; resolve: () => void }[] = [];
  const log = logTo((_, line) => {
    lines.push(line);
    for (const one of waiting) if (one.pattern.test(line)) one.resolve();
  });
  const signal = patience();
  const seen = new Promise<void>((resolve, reject) => {
    waiting.push({ pattern, resolve });
    signal.addEventListener("abort", () =>
      reject(new Error(`not logged: ${pattern}\n${lines.join("\n")}`)),
    );
  });
  seen.catch(() => {});
  return { log, seen };
}

test("tickets that NATS has lost are found by the sums and published again", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const { log, seen } = logged(/NATS has lost 4 open tickets/);
  const served = await queueFor(t, url, { look_s: 0.2, log });
  const { manager } = await managerFor(t, url);
  served.add(4);
  await messagesOf(manager, 4);
  await manager.streams.purge(STREAM);
  await seen;
  workerFor(t, url, () => 1);
  await served.ended(4);
  assert.deepEqual([served.queue.sums.done, served.queue.sums.open], [4, 0]);
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  assert.match(metrics, /thingscope_work_lost_by_nats_total\{thing="spots"\} 4\n/);
  assert.match(metrics, /thingscope_work_wanted_total\{thing="spots"\} 4\n/);
  assert.match(metrics, /thingscope_work_ended_total\{thing="spots",state="done"\} 4\n/);
});

test("a stream that was removed is made again, and its numbers are not taken for the tickets that had them", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const served = await queueFor(t, url, { look_s: 0.2 });
  const { manager } = await managerFor(t, url);
  served.add(4);
  await messagesOf(manager, 4);
  await manager.streams.delete(STREAM);
  served.add(4);
  for (const signal = patience(); served.queue.trouble !== ""; signal.throwIfAborted())
    await new Promise((resolve) => setImmediate(resolve));
  await messagesOf(manager, 8);
  workerFor(t, url, () => 1);
  await served.ended(8);
  assert.deepEqual([served.queue.sums.done, served.queue.sums.open], [8, 0]);
});

for (const [what, spoil, told] of [
  ["has gone", (m: Manager) => m.consumers.delete(STREAM, "workers"), /lost its consumer/],
  [
    "delivers nothing though workers wait",
    (m: Manager) => m.consumers.pause(STREAM, "workers", new Date(Date.now() + 3.6e6)),
    /stuck \(workers wait/,
  ],
  [
    "knows nothing of messages that there are",
    (m: Manager) => m.consumers.update(STREAM, "workers", { filter_subject: "nothing.here" }),
    /stuck \(it knows nothing of some tickets/,
  ],
] as const) {
  test(`a consumer that ${what} is found and made again`, { timeout }, async (t) => {
    const { url } = await natsServerFor(t);
    const { log, seen } = logged(told);
    const served = await queueFor(t, url, { look_s: 0.2, log });
    const { manager } = await managerFor(t, url);
    workerFor(t, url, () => 1, { concurrency: 2 });
    served.add(1);
    await served.ended(1);
    await spoil(manager);
    served.add(5);
    await seen;
    await served.ended(6);
    assert.equal(served.queue.sums.done, 6);
  });
}

type Manager = Awaited<ReturnType<typeof jetstreamManager>>;

async function messagesOf(manager: Manager, count: number): Promise<void> {
  const signal = patience();
  const now = () =>
    manager.streams.info(STREAM).then(
      ({ state }) => state.messages,
      () => undefined, // it is made again
    );
  while ((await now()) !== count) signal.throwIfAborted();
}

test("a server that starts again goes on with open tickets, whose frames come from a recording", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const settingsFolder = await temporaryFolder();
  const before = await queueFor(t, url, { settingsFolder });
  const path = `${before.folder}/camera.mkv`;
  const writer = new RecordingWriter({ path, camera: "camera" });
  const written = before.stream.onFrame((frame) => void (frame.index < 3 && writer.add(frame)));
  before.add(4);
  written();
  await writer.close();
  await before.server.close();
  const served = await queueFor(t, url, { settingsFolder, every: 1000 });
  const ends = endsOf(served);
  const numbers: number[] = [];
  workerFor(t, url, ({ jpeg }) => numbers.push(numberIn(jpeg)), { name: "w" });
  await served.ended(4);
  assert.deepEqual(numbers, [0, 1, 2]);
  assert.deepEqual([...ends.values()].flat(), ["done by w", "done by w", "done by w", "gone"]);
  const [ledger = ""] = await ledgersIn(served.folder);
  const { ok, wanted, done, dropped } = await verifyTickets(ledger);
  assert.deepEqual([ok, wanted, done, dropped], [true, 4, 3, 1]);
});
