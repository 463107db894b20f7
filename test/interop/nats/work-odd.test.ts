import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { MJPEGStream } from "thingscope";
import { Worker, workQueue } from "thingscope/work";
import { patience, TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { memberFor } from "./members.ts";
import { natsServerFor, sharedNats } from "./nats-server.ts";
import { ledgersIn, managerFor, queueFor, STREAM, workerFor } from "./queue.ts";

const timeout = TEST_MS;

test("a result that is longer than a message of NATS fails its ticket", { timeout }, async (t) => {
  const { url } = await natsServerFor(t, "max_payload: 32768");
  const served = await queueFor(t, url);
  const whys: string[] = [];
  served.queue.not_done.on(({ why }) => whys.push(why));
  served.add(1);
  workerFor(t, url, () => "x".repeat(40_000));
  await served.ended(1);
  assert.match(
    whys[0] ?? "",
    /^The result has 40\d{3} bytes with its report, and .+ holds 32768\./,
  );
});

test("a worker that is not given the frame has not taken its ticket", { timeout }, async (t) => {
  const { url } = await sharedNats();
  const served = await queueFor(t, url, { hold_mb: 0 });
  served.add(5); // the stream holds two of them
  const { manager } = await managerFor(t, url);
  const { state } = await manager.streams.info(STREAM);
  const message = await manager.streams.getMessage(STREAM, { seq: state.first_seq });
  for (let n = 0; n < 7; n++) {
    const answer = await fetch(Object(message?.json()).url, { headers: { worker: "a" } });
    assert.equal(answer.status, 404);
  }
  assert.deepEqual([served.queue.sums.failed, served.queue.sums.open], [0, 5]);
});

test("a filter that fails or gives a Promise is told, and its frames are counted as missed", {
  timeout,
}, async (t) => {
  const { url } = await sharedNats();
  const why = ["no number", "later"];
  const filter = () => {
    if (why.length === 2) throw new Error(why.pop());
    return Promise.reject(new Error(why.pop())) as unknown as boolean;
  };
  const served = await queueFor(t, url, { filter });
  served.add(2);
  assert.deepEqual([served.queue.sums.wanted, served.queue.sums.missed], [0, 2]);
  await served.server.close();
  const ledger = await readFile((await ledgersIn(served.folder))[0]!, "utf8");
  assert.match(
    ledger,
    /"missed":2,.*"why":"the filter failed: it gives a Promise, and must say at once"/,
  );
});

test("a queue says which of its options is none", () => {
  const stream = new MJPEGStream({ name: "camera" });
  for (const [option, why] of [
    [{ filter: 7 }, /'filter' of a work queue must be a function/],
    [{ evry: 2 }, /has no option 'evry'\. It has stream, filter, every, deadline_s, /],
  ] as const)
    assert.throws(() => workQueue({ stream, ...(option as object) }), why);
});

test("a worker works on at least one ticket at a time, and no more than a queue gives", () => {
  for (const concurrency of [0, -1, 1.5, Number.NaN, 1e9])
    assert.throws(
      () => new Worker(() => 1, { servers: [], member: "one", queue: "spots", concurrency }),
      /'concurrency' of a worker is .*: a whole number from 1 to 1000\./,
    );
});

test("an account that has too little of JetStream, or none, is told of with what to do", {
  timeout,
}, async (t) => {
  const accounts = `accounts {
    little { jetstream { max_file: 1K }, users: [ { user: little, password: "little" } ] }
    none { users: [ { user: none, password: "none" } ] }
  }`;
  const { url } = await natsServerFor(t, accounts);
  for (const [user, bucket, queue] of [
    ["little", /It reserves 64 MiB\. Raise .*max_file of its account/, /no room .*max_file of its/],
    [
      "none",
      /allow it to this login and its account/,
      /allow JetStream to the account of this login/,
    ],
  ] as const) {
    const folder = await temporaryFolder();
    await writeFile(`${folder}/password`, user);
    const credentials = { user, password_file: `${folder}/password` };
    const spots = workQueue({ stream: new MJPEGStream({ name: "camera" }), folder });
    const options = { servers: [url], name: user, credentials };
    const { fleet } = await memberFor(t, options, { things: { spots } });
    assert.match(fleet.health().reason ?? "", bucket);
    for (const signal = patience(); !queue.test(spots.trouble); signal.throwIfAborted())
      await new Promise((resolve) => setTimeout(resolve, 10));
  }
});
