import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { action, type Invocation, Thing, ThingHost, ThingServer } from "thingscope";
import { Recorder, SimulatedCamera, SimulatedStage } from "thingscope/things";
import { Type } from "typebox";
import { delay } from "../../../src/base/abort.ts";
import { limitHits } from "../../../src/base/limit-hits.ts";
import type { InvocationLimits } from "../../../src/core/invocations.ts";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { type Answer, ask } from "../requests.ts";

const timeout = TEST_MS;

class Worker extends Thing {
  /** Runs of `halt` that have not ended. */
  halting = 0;

  @action("Wait until cancelled", { input: Type.Object({ note: Type.Optional(Type.Unknown()) }) })
  async wait(_: { note?: unknown }, { signal }: Invocation): Promise<void> {
    await delay(600_000, signal);
  }

  @action("Take anything", { input: Type.Object({ note: Type.Unknown() }), output: Type.String() })
  async take(_: { note: unknown }, run: Invocation): Promise<string> {
    run.log.info("taken");
    return "done";
  }

  @action("Say much", { input: Type.Object({ lines: Type.Integer(), length: Type.Integer() }) })
  async say({ lines, length }: { lines: number; length: number }, run: Invocation): Promise<void> {
    for (let n = 0; n < lines; n++) run.log.info("x".repeat(length));
  }

  @action("Stop, and hang meanwhile", {
    input: Type.Object({ axis: Type.Optional(Type.String()) }),
    releases: true,
  })
  async halt(_: { axis?: string }, { signal }: Invocation): Promise<void> {
    this.halting += 1;
    await delay(600_000, signal).finally(() => {
      this.halting -= 1;
    });
  }
}

async function serverWith(t: TestContext, invocations: InvocationLimits = {}) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder: folder, invocations });
  const worker = new Worker();
  host.add("camera", new SimulatedCamera());
  host.add("stage", new SimulatedStage());
  host.add("recorder", new Recorder({ folder: join(folder, "recordings") }));
  host.add("worker", worker);
  host.add("other", new Worker());
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const post = (path: string, body: unknown = {}): Promise<Answer> =>
    ask(port, {
      method: "POST",
      path,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  const get = async (path: string) => JSON.parse((await ask(port, { path })).text);
  return { host, worker, port, post, get };
}

async function ended({ host }: { host: ThingHost }, answer: Answer): Promise<string> {
  const { id } = JSON.parse(answer.text);
  const record = host.invocations.get(id);
  await record.ended;
  return record.status;
}

test("while 100 long actions of each Thing run, what stops a recorder or a stage runs at once", {
  timeout,
}, async (t) => {
  const lab = await serverWith(t);
  const begun = await lab.post("/recorder/start_recording", { name: "long" });
  assert.equal(await ended(lab, begun), "completed");
  let refused = 0;
  for (const path of ["/worker/wait", "/other/wait", "/recorder/timelapse", "/stage/move_absolute"])
    for (let n = 0; n < 101; n++) {
      const body = path.endsWith("lapse") ? { interval: 60, frames: 9 } : {};
      if ((await lab.post(path, body)).status === 503) refused += 1;
    }
  assert.ok(refused > 0, "the pools are full");
  assert.equal((await lab.post("/worker/wait")).status, 503);
  const jog = await lab.post("/stage/jog", { stop: true });
  assert.equal(jog.status, 201, jog.text);
  assert.equal(await ended(lab, jog), "completed");
  const stopped = await lab.post("/recorder/stop_recording");
  assert.equal(stopped.status, 201, stopped.text);
  assert.equal(await ended(lab, stopped), "completed");
});

test("when one Thing's actions fill the places of all, every other Thing still runs some", {
  timeout,
}, async (t) => {
  const { post } = await serverWith(t, { maxRunning: 10, maxRunningPerThing: 20 });
  const answers = [];
  for (let n = 0; n < 12; n++) answers.push((await post("/worker/wait")).status);
  assert.deepEqual(answers, [...Array(10).fill(201), 503, 503]);
  for (let n = 0; n < 4; n++) assert.equal((await post("/other/wait")).status, 201);
  const last = await post("/other/wait");
  assert.equal(last.status, 503);
  assert.match(last.text, /have not ended/);
});

test("an action that releases and hangs is answered with a run that does the same, and runs 8 times at most", {
  timeout,
}, async (t) => {
  const { host, worker, post } = await serverWith(t);
  const ids = new Set<string>();
  for (let n = 0; n < 50; n++) {
    const answer = await post("/worker/halt", { axis: "x" });
    assert.equal(answer.status, 201);
    ids.add(JSON.parse(answer.text).id);
  }
  assert.equal(ids.size, 8);
  assert.equal(worker.halting, 8);
  for (let n = 0; n < 8; n++)
    assert.equal((await post("/worker/halt", { axis: `${n}` })).status, 201);
  assert.equal((await post("/worker/halt", { axis: "one too many" })).status, 503);
  assert.equal(host.invocations.list({ action: "halt" }).length, 16);
});

test("finished invocations with inputs of 1 MB keep 32 MiB, those of others stay, and a sentence says what is gone", {
  timeout,
}, async (t) => {
  const { host, post, get } = await serverWith(t);
  const { id } = JSON.parse((await post("/other/take", { note: "small" })).text);
  const dropped = limitHits().get("finished_inputs") ?? 0;
  const before = await memoryHeld();
  const ids: string[] = [];
  for (let n = 0; n < 12; n++) {
    const answer = await post("/worker/take", { note: Array(300_000).fill([]) });
    assert.equal(answer.status, 201);
    ids.push(JSON.parse(answer.text).id);
  }
  const held = await memoryHeldWithin(before + 60e6);
  assert.ok(held < before + 60e6, `${(held - before) / 1e6} MB more are held`);
  assert.ok(host.invocations.kept.bytes <= 32 * 2 ** 20);
  assert.ok((limitHits().get("finished_inputs") ?? 0) > dropped);
  const oldest = await get(`/action_invocations/${ids[0]}`);
  assert.match(oldest.input, /is no longer kept/);
  assert.equal(oldest.output, "done");
  assert.deepEqual((await get(`/action_invocations/${id}`)).input, { note: "small" });
});

test("1000 finished actions of one Thing make those of another not forgotten", {
  timeout,
}, async (t) => {
  const { host } = await serverWith(t);
  const first = host.get("other").invoke("take", { note: 1 });
  await first.ended;
  for (let n = 0; n < 1100; n++) await host.get("worker").invoke("take", { note: n }).ended;
  await new Promise(setImmediate);
  assert.equal(host.invocations.get(first.id), first);
  assert.ok(host.invocations.list().length <= 1000);
});

test("the log of an invocation is bounded in lines and in characters", { timeout }, async (t) => {
  const { host } = await serverWith(t);
  for (const [lines, length] of [
    [3000, 10],
    [100, 1_000_000],
  ] as const) {
    const run = host.get("worker").invoke("say", { lines, length });
    await run.ended;
    const characters = run.log.reduce((sum, { message }) => sum + message.length, 0);
    assert.ok(run.log.length <= 1000 && characters <= 256 * 1024, `${characters} characters`);
  }
});
