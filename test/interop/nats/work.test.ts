import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { connect } from "@nats-io/transport-node";
import { GiveUp, type Handler, verifyTickets } from "thingscope/work";
import { packagePath } from "../../../src/base/package-root.ts";
import { pageText } from "../../docs/page.ts";
import { TEST_MS } from "../../limits.ts";
import { numberIn } from "../../streams/pictures.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { python } from "../programs.ts";
import { natsServerFor } from "./nats-server.ts";
import { endsOf, managerFor, queueFor, STREAM, workerFor } from "./queue.ts";

const timeout = TEST_MS;

/** How often the worker that crashes does so. */
const KILLS = 2;

/** A worker in a process of its own, which is started again whenever it is killed. */
function processFor(t: TestContext, start: (kills: number) => ChildProcess) {
  let isOver = false;
  let kills = 0;
  let child = start(kills);
  const follow = () =>
    child.on("exit", () => {
      if (isOver) return;
      kills += 1;
      child = start(kills);
      follow();
    });
  follow();
  t.after(() => {
    isOver = true;
    child.kill("SIGKILL");
  });
  return {
    get kills() {
      return kills;
    },
  };
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

test("the sums are exact with four workers, one in Python, one slow, one that crashes, and NATS killed in between", {
  timeout,
}, async (t) => {
  const nats = await natsServerFor(t);
  const served = await queueFor(t, nats.url, { silence_s: 1, look_s: 0.5 });
  const ends = endsOf(served);
  const handler: Handler = ({ index }) => {
    if (index % 10 === 7) throw new Error("no spot");
    if (index % 10 === 9) throw new GiveUp("too dark");
    return { index };
  };
  const slow: Handler = async (frame) => {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return handler(frame);
  };
  workerFor(t, nats.url, handler, { name: "quick", concurrency: 2 });
  workerFor(t, nats.url, slow, { name: "slow" });
  const script = fileURLToPath(new URL("./crashing-worker.js", import.meta.url));
  const crashing = processFor(t, (kills) => {
    const mayCrash = kills < KILLS ? ["crash"] : [];
    return spawn(process.execPath, [script, nats.url, ...mayCrash], { stdio: "inherit" });
  });
  processFor(t, () =>
    spawn(python(), [packagePath("test", "interop", "nats", "worker.py"), nats.url], {
      stdio: "inherit",
      env: { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") },
    }),
  );
  const seen = () => new Set([...ends.values()].flat());
  const has = (name: string) => () => seen().has(`done by ${name}`);
  const isReady = [has("python"), has("slow"), () => crashing.kills >= KILLS];
  let added = 0;
  while (isReady.some((is) => !is()) || added < 100) {
    served.add(10);
    added += 10;
    await served.ended(added - 40);
    if (added === 60) {
      await nats.kill();
      await nats.restart();
    }
  }
  await served.ended(added);
  assert.equal(ends.size, added);
  const several = [...ends].filter(([, what]) => what.length !== 1);
  assert.deepEqual(several, [], "tickets that ended twice");
  const { failed, dropped, done } = served.queue.sums;
  assert.deepEqual([done, failed, dropped], [added * 0.8, added / 10, added / 10]);
  const verdict = await verifyTickets(served.queue.ledger);
  assert.ok(verdict.ok, verdict.sentence);
  assert.deepEqual([verdict.wanted, verdict.open], [added, 0]);
});

test("what is too old is dropped with that cause, and JetStream keeps nothing of it", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const served = await queueFor(t, url, { deadline_s: 1 });
  const ends = endsOf(served);
  served.add(3);
  await served.ended(3);
  assert.deepEqual([...ends.values()].flat(), ["deadline", "deadline", "deadline"]);
  const { manager } = await managerFor(t, url);
  const { config } = await manager.streams.info(STREAM);
  assert.equal(config.max_age, 1e9);
  const picture = await fetch(`${served.url}/spots/frame/${served.stream.run}/0`);
  assert.equal(picture.status, 410);
  assert.match(await picture.text(), /has ended: it is dropped/);
});

test("a ticket on which a worker sits for too long is dropped, and the worker goes on", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const served = await queueFor(t, url, { deadline_s: 1 });
  const ends = endsOf(served);
  workerFor(t, url, ({ index }) => (index === 0 ? new Promise(() => {}) : index), { name: "w" });
  served.add(1);
  await served.ended(1);
  served.add(1);
  await served.ended(2);
  assert.deepEqual([...ends.values()].flat(), ["deadline", "done by w"]);
});

test("a report counts once, and what is none is refused", { timeout }, async (t) => {
  const { url } = await natsServerFor(t);
  const served = await queueFor(t, url);
  const { connection } = await managerFor(t, url);
  served.add(2);
  const { run } = served.stream;
  const report = async (body: unknown) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await connection.request("thingscope.lab.one.work.spots.reports", text);
    return answer.json<{ outcome: string; why?: string }>();
  };
  const done = { ticket: `${run}:0`, worker: "w", state: "done", result: 1 };
  assert.deepEqual(await report(done), { outcome: "recorded" });
  assert.deepEqual(await report(done), { outcome: "repeated" });
  assert.deepEqual(await report({ ...done, state: "failed" }), { outcome: "repeated" });
  assert.deepEqual(await report({ ...done, ticket: "zzz:0" }), { outcome: "unknown" });
  for (const bad of [
    "",
    "NaN",
    "[]",
    "{",
    { ticket: 1 },
    { ...done, state: "open" },
    { ...done, worker: "" },
  ]) {
    const { outcome, why } = await report(bad);
    assert.equal(outcome, "refused", JSON.stringify(bad));
    assert.ok(why && why.length < 200, why);
  }
  const large = { ...done, ticket: `${run}:1`, result: "x".repeat(70_000) };
  assert.match((await report(large)).why ?? "", /70002 characters as JSON. 65536 are the most/);
  workerFor(t, url, () => "x".repeat(70_000), { name: "w" });
  await served.ended(2);
  assert.deepEqual([served.queue.sums.done, served.queue.sums.failed], [1, 1]);
  const metrics = await (await fetch(`${served.url}/metrics`)).text();
  assert.match(metrics, /thingscope_work_reports_total\{thing="spots",outcome="repeated"\} 2\n/);
});

test("with the permissions of docs/work.md a worker works, and cannot command", {
  timeout,
}, async (t) => {
  const [, permissions = ""] = /needs:\n\n```text\n([^`]+)```/.exec(pageText("work.md")) ?? [];
  const { url } = await natsServerFor(
    t,
    `authorization { users = [
      { user: member, password: secret }
      { user: worker, password: secret, permissions: { ${permissions} } }
    ] }`,
  );
  const folder = await temporaryFolder();
  await writeFile(`${folder}/password`, "secret\n");
  const login = (user: string) => ({ user, password_file: `${folder}/password` });
  const served = await queueFor(t, url, { credentials: login("member") });
  workerFor(t, url, () => 1, { credentials: login("worker") });
  served.add(2);
  await served.ended(2);
  assert.equal(served.queue.sums.done, 2);
  const connection = await connect({ servers: url, user: "worker", pass: "secret" });
  t.after(() => connection.close());
  for (const subject of ["operate.POST.spots.active", "work.spots.tickets"])
    await assert.rejects(connection.request(`thingscope.lab.one.${subject}`), /permissions/i);
});

test("only frames that the filter lets through are wanted, and one whose filter fails is missed", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const served = await queueFor(t, url, {
    every: 2,
    filter({ index }) {
      if (index === 6) throw new Error("no light");
      return index > 2;
    },
  });
  served.add(10);
  workerFor(t, url, () => 1);
  await served.ended(2);
  const { wanted, done, missed } = served.queue.sums;
  assert.deepEqual([wanted, done, missed], [2, 2, 1]);
  const { sentence } = await verifyTickets(served.queue.ledger);
  assert.match(sentence, /2 wanted = 2 done .*; 1 frames never became tickets\.$/);
});
