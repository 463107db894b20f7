import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { RemoteBlob, ThingClient } from "thingscope/client";
import { PollPace } from "../../src/client/poll-pace.ts";
import { TEST_MS } from "../limits.ts";
import { FakeServer, json } from "./fake-server.ts";
import { type InstrumentTypes, type Lab, openLab } from "./instrument.ts";

const timeout = TEST_MS;

let lab: Lab;
let client: ThingClient<InstrumentTypes>;
before(async () => {
  lab = await openLab();
  client = await ThingClient.connect<InstrumentTypes>(lab.url);
});
after(() => lab[Symbol.asyncDispose]());

test("a client that comes later finds what runs, follows it, cancels it, and sees that it ended", {
  timeout,
}, async () => {
  await client.actions.wait.start();
  const later = await ThingClient.connect<InstrumentTypes>(lab.url);
  const [run] = await later.invocations();
  assert.deepEqual([run?.action, run?.finished], ["wait", false]);
  assert.ok(run!.elapsedMs! >= 0 && run!.elapsedMs! < timeout, `${run!.elapsedMs} ms`);
  const following = assert.rejects(run!.result(), { code: "ACTION_CANCELLED" });
  await run!.cancel();
  await following;
  const [ended] = await later.invocations();
  assert.deepEqual([ended?.href, ended?.status], [run!.href, "cancelled"]);
  assert.equal(ended?.error?.code, "ACTION_CANCELLED");
});

test("invocations are listed newest first, with outputs and errors; log and input come when one is refreshed", {
  timeout,
}, async () => {
  await client.actions.scan({ steps: 2 });
  await assert.rejects(client.actions.fail());
  const [failed, scan] = await client.invocations();
  assert.deepEqual([failed?.action, scan?.action], ["fail", "scan"]);
  assert.match(failed?.error?.message ?? "", /The lamp is out of film\./);
  assert.deepEqual([scan?.output, scan?.error, scan?.log], [[1, 2], undefined, []]);
  await scan?.refresh();
  const messages = scan?.log.map(({ message }) => message);
  assert.deepEqual([messages, scan?.input], [["step 1", "step 2"], { steps: 2 }]);
  assert.deepEqual(scan?.progress, { fraction: 1, message: "step 2 of 2" });
});

test("an invocation is found by its URL, with its output as it was given the first time", {
  timeout,
}, async () => {
  const anything = await ThingClient.connect(lab.url);
  const run = await anything.actions.picture!.start();
  await run.result();
  const found = await anything.invocation("picture", new URL(run.href!).pathname);
  assert.ok(found.output instanceof RemoteBlob);
  assert.equal(await found.output.text(), "a picture");
  await assert.rejects(anything.invocation("picture", `${run.href}0`), { code: "NOT_FOUND" });
});

test("a Thing that does not list its invocations says so, and what a list says wrongly is passed over", {
  timeout,
}, async (t) => {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const url = `${await server.listen()}/`;
  const plain = ThingClient.of({ actions: {} }, url);
  await assert.rejects(plain.invocations(), { code: "UNSUPPORTED", message: /does not list/ });
  const forms = [{ op: "queryallactions", href: "/runs" }];
  const listing = ThingClient.of({ actions: {}, forms }, url);
  const runs = [
    7,
    null,
    {},
    { status: "running", href: "http://[" },
    { status: "running", href: "/1" },
  ];
  server.answer("GET /runs", json({ go: runs, stay: "none" }));
  const [run, ...others] = await listing.invocations();
  assert.deepEqual([run?.href, others], [`${url}1`, []]);
  assert.deepEqual([run?.elapsedMs, run?.timeRequested], [undefined, undefined]);
});

test("how long a run has run is reckoned by the server's clock, however wrong that is", {
  timeout,
}, async (t) => {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const url = `${await server.listen()}/`;
  const forms = [{ op: "queryallactions", href: "/runs" }];
  const state = { status: "running", href: "/1", timeStarted: "1970-01-01T00:00:05Z" };
  const headers = { Date: "Thu, 01 Jan 1970 00:00:08 GMT" };
  server.answer("GET /runs", json({ go: [state] }, 200, headers));
  const [run] = await ThingClient.of({ actions: {}, forms }, url).invocations();
  assert.ok(run!.elapsedMs! >= 3000 && run!.elapsedMs! < 3000 + timeout, `${run!.elapsedMs} ms`);
});

test("a client that may not cancel is told so, and the run goes on", { timeout }, async (t) => {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const url = `${await server.listen()}/`;
  const thing = ThingClient.of({ actions: { go: { forms: [{ href: "/go" }] } } }, url);
  server.answer("GET /1", json({ status: "running" }));
  server.answer("DELETE /1", json({ detail: "The role operate is required." }, 403));
  const run = await thing.invocation("go", "/1");
  await assert.rejects(run.cancel(), { status: 403, message: "The role operate is required." });
  assert.equal(run.finished, false);
});

/** How many questions all runs ask together in the first second, and how many in the 30th. */
function questions(runs: number): [first: number, later: number] {
  const paces = Array.from({ length: runs }, () => new PollPace("http://127.0.0.1:5000/1"));
  const times = paces.flatMap((pace) => {
    const asked: number[] = [];
    for (let at = pace.next(); at < 30_000; at += pace.next()) asked.push(at);
    return asked;
  });
  for (const pace of paces) pace.end();
  const within = (from: number, to: number) => times.filter((at) => at >= from && at < to).length;
  return [within(0, 1000), within(20_000, 30_000) / 10];
}

test("a run is asked about soon and then twice a second; a hundred share 50 questions a second, then 10", () => {
  const pace = new PollPace("http://127.0.0.1:5000/1");
  assert.equal(pace.next(), 20);
  pace.end();
  for (const runs of [1, 10, 100]) {
    const [first, later] = questions(runs);
    assert.ok(first <= 50, `${runs} runs ask ${first} times in the first second`);
    assert.ok(later <= 10.5, `${runs} runs ask ${later} times a second`);
    assert.ok(later >= 1.9, `${runs} runs ask only ${later} times a second`);
  }
});
