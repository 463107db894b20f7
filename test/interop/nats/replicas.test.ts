import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { logTo } from "thingscope";
import { verifyTickets } from "thingscope/work";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { freePort } from "../../system/cameras.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { clientFor } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";
import { queueFor, STREAM, workerFor } from "./queue.ts";

const BUCKET = "KV_thingscope_lab_things";

/** Three NATS servers that can be a cluster, none of them started. */
async function three() {
  const ports = await Promise.all([1, 2, 3].map(freePort));
  const routes = await Promise.all([1, 2, 3].map(freePort));
  const stores = await Promise.all([1, 2, 3].map(() => temporaryFolder("thingscope-nats-")));
  const others = (n: number) =>
    routes.flatMap((port, at) => (at === n ? [] : [`"nats://127.0.0.1:${port}"`])).join(", ");
  return {
    urls: ports.map((port) => `nats://127.0.0.1:${port}`),
    /** Starts one, 0 to 2, where it was before, with what it had stored. */
    start: (t: TestContext, n: number, isClustered = true) =>
      natsServerFor(
        t,
        isClustered
          ? `server_name: n${n}
cluster { name: lab, listen: "127.0.0.1:${routes[n]}", routes: [${others(n)}] }`
          : "",
        { store: stores[n]!, at: ports[n]! },
      ),
  };
}

/** Resolves when a stream has so many replicas, all of which are there. */
async function replicated(t: TestContext, url: string, name: string, count: number) {
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const manager = await jetstreamManager(connection, { checkAPI: false });
  for (const signal = patience(); ; signal.throwIfAborted()) {
    const { config, cluster } = await manager.streams
      .info(name)
      .catch(() => ({ config: undefined, cluster: undefined }));
    const current = (cluster?.replicas ?? []).filter(({ current }) => current).length + 1;
    if (config?.num_replicas === count && current === count) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("a bucket and a queue that were made while two NATS servers ran have three replicas soon after the third runs, and nobody connects again", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const { urls, start } = await three();
  await Promise.all([start(t, 0), start(t, 1)]);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const served = await queueFor(t, urls[0]!, { log });
  for (const name of [BUCKET, STREAM]) await replicated(t, urls[0]!, name, 1);
  const third = await start(t, 2);
  for (const name of [BUCKET, STREAM]) await replicated(t, urls[0]!, name, 3);
  assert.equal(served.queue.trouble, "");
  assert.deepEqual(
    lines.filter((line) => /not reached|no tickets/.test(line)),
    [],
  );
  await third.kill();
  served.add(3);
  workerFor(t, urls[1]!, () => 1);
  await served.ended(3);
  assert.equal(served.queue.sums.done, 3);
});

test("one NATS server becomes a cluster of three with what it had stored: all Things are listed, no ticket is lost, and there are three replicas", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const { urls, start } = await three();
  const alone = await start(t, 0, false);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const served = await queueFor(t, urls[0]!, { log, deadline_s: 120 });
  served.add(5);
  await replicated(t, urls[0]!, STREAM, 1);
  await alone.kill();
  await Promise.all([0, 1, 2].map((n) => start(t, n)));
  for (const name of [BUCKET, STREAM]) await replicated(t, urls[1]!, name, 3);
  served.add(5);
  workerFor(t, urls[2]!, () => 1);
  await served.ended(10);
  assert.equal(served.queue.sums.done, 10, lines.join("\n"));
  const client = await clientFor(t, { servers: [urls[2]!] });
  for (const signal = patience(); client.things.size < 1; signal.throwIfAborted())
    await new Promise((resolve) => setTimeout(resolve, 50));
  const verdict = await verifyTickets(served.queue.ledger);
  assert.ok(verdict.ok, verdict.sentence);
});
