import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { logTo } from "thingscope";
import { verifyTickets } from "thingscope/work";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong, needsRoot } from "../../needs.ts";
import { natsOnSmallDisk } from "./nats-server.ts";
import { queueFor, workerFor } from "./queue.ts";

test("while the disk of JetStream is full tickets end with that cause, and when there is room they are worked on again", {
  timeout: TEST_MS,
  ...needsLong(needsRoot("mounts a disk")),
}, async (t) => {
  const { url, store } = await natsOnSmallDisk(t);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const served = await queueFor(t, url, { deadline_s: 8, look_s: 0.5, log });
  const whys: string[] = [];
  served.queue.not_done.on(({ why }) => whys.push(why));
  workerFor(t, url, () => 1);
  let added = 0;
  const add = () => {
    served.add(1);
    added += 1;
    return served.ended(added);
  };
  await add();
  assert.equal(served.queue.sums.done, 1);
  const full = join(store, "full");
  await writeFile(full, Buffer.alloc(9e6)).catch(() => {});
  for (const signal = patience(); served.queue.trouble === ""; signal.throwIfAborted())
    await Promise.race([add(), new Promise((resolve) => setTimeout(resolve, 500))]);
  const why = /JetStream does not store them \(timeout\), as when its disk is full\. Make room/;
  assert.match(served.queue.trouble, why);
  await served.ended(added);
  assert.match(whys.at(-1) ?? "", /^it was not done within 8 s: JetStream /);
  assert.ok(lines.some((line) => /Workers get no tickets: JetStream does not store/.test(line)));
  await rm(full);
  const { done } = served.queue.sums;
  while (served.queue.sums.done === done) await add();
  assert.equal(served.queue.trouble, "");
  const again = lines.filter((line) => /the queue is made again there/.test(line));
  assert.equal(again.length, 1, lines.join("\n"));
  const verdict = await verifyTickets(served.queue.ledger);
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual([verdict.wanted, verdict.open], [added, 0]);
});
