import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { type Handler, verifyTickets, type WorkerOptions, worker } from "thingscope/work";
import { TEST_MS } from "../../limits.ts";
import { numberIn } from "../../streams/pictures.ts";
import { natsServerFor } from "./nats-server.ts";
import { queueFor } from "./queue.ts";

const timeout = TEST_MS;

/** A worker of the queue, closed with its test. */
function workerFor(
  t: TestContext,
  url: string,
  handler: Handler,
  options: Partial<WorkerOptions> = {},
) {
  const one = worker(handler, { servers: [url], member: "one", queue: "spots", ...options });
  t.after(() => one.close());
  return one;
}

test("each wanted frame is worked on once, and its result is an event and a line of the ledger", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const { queue, add, ended } = await queueFor(t, url, { every: 2 });
  const results: unknown[] = [];
  queue.result.on(({ index, worker, result }) => results.push([index, worker, result]));
  add(10);
  workerFor(t, url, ({ jpeg }) => numberIn(jpeg), { name: "w" });
  await ended(5);
  assert.deepEqual(
    results,
    [0, 2, 4, 6, 8].map((n) => [n, "w", n]),
  );
  const verdict = await verifyTickets(queue.ledger);
  assert.match(verdict.sentence, /: 5 wanted = 5 done \+ 0 failed \+ 0 dropped \+ 0 open\.$/);
});
