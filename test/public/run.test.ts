import assert from "node:assert/strict";
import { test } from "node:test";
import { type RemoteInvocation, ThingClient } from "thingscope/client";
import { FakeServer, json } from "../client/fake-server.ts";
import { openLab } from "../client/instrument.ts";
import { TEST_MS } from "../limits.ts";
import { pageModule } from "./page-module.ts";

interface Run extends EventTarget {
  readonly status: string;
  readonly isOver: boolean;
  readonly problem: string | undefined;
  readonly output: unknown;
  readonly elapsedMs: number | undefined;
  readonly faults: readonly { readonly loc: readonly unknown[] }[];
  attach(invocation: RemoteInvocation): void;
  cancel(): Promise<void>;
}
const { Run } = await pageModule<{
  Run: {
    begun(
      action: string,
      input: unknown,
      start: (signal: AbortSignal) => Promise<RemoteInvocation>,
    ): Run;
    found(invocation: RemoteInvocation): Run;
  };
}>("things/run");
const { hintOf } = await pageModule<{ hintOf(name: string, action: object): string }>(
  "affordances/danger",
);
const { refusalsOf } = await pageModule<{
  refusalsOf(refused: unknown, schema: unknown): { fields: unknown; sentence?: string };
}>("affordances/refusals");
const { clockOf, spanOf } = await pageModule<{
  clockOf(at: number, now: number): string;
  spanOf(ms: number): string;
}>("things/time-words");

const options = { timeout: TEST_MS };

async function until(run: Run, status: string): Promise<void> {
  while (run.status !== status)
    await new Promise((resolve) => run.addEventListener("change", resolve, { once: true }));
}

test(
  "a run has its status from the click on: sent, running, completed; refused with its faults; failed; cancelled",
  options,
  async () => {
    await using lab = await openLab();
    const client = await ThingClient.connect(lab.url);
    const begin = (action: string, input?: unknown) =>
      Run.begun(action, input, (signal) => client.actions[action]!.start(input, { signal }));
    const scan = begin("scan", { steps: 2 });
    assert.deepEqual([scan.status, scan.isOver], ["sent", false]);
    await until(scan, "completed");
    assert.deepEqual(scan.output, [1, 2]);
    const refused = begin("scan", { steps: 0 });
    await until(refused, "refused");
    assert.deepEqual(
      refused.faults.map(({ loc }) => loc),
      [["body", "steps"]],
    );
    const failed = begin("fail");
    await until(failed, "failed");
    assert.match(failed.problem ?? "", /out of film/);
    const wait = begin("wait");
    await until(wait, "running");
    await wait.cancel();
    assert.equal(wait.status, "cancelled");
  },
);

test(
  "a run that the server has forgotten is lost, with its sentence, until the server tells of it again",
  options,
  async (t) => {
    const server = new FakeServer();
    t.after(() => server[Symbol.asyncDispose]());
    const url = `${await server.listen()}/`;
    const client = ThingClient.of({ actions: { go: { forms: [{ href: "/go" }] } } }, url);
    server.answer("GET /1", json({ status: "running" }));
    const invocation = await client.invocation("go", "/1");
    const run = Run.found(invocation);
    assert.equal(run.status, "running");
    server.answer("GET /1", json({ detail: "There is no such invocation." }, 404));
    await until(run, "lost");
    assert.deepEqual([run.isOver, run.problem], [true, "There is no such invocation."]);
    server.answer("GET /1", json({ status: "completed", output: 7 }));
    run.attach(await client.invocation("go", "/1"));
    assert.deepEqual([run.status, run.output, run.problem], ["completed", 7, undefined]);
  },
);

test("what deletes or resets asks for a second click, what stops is marked, what is safe never is", () => {
  const of = (name: string, action: object = {}) => hintOf(name, action);
  for (const name of ["delete_all", "removeFile", "factory-reset", "reboot"])
    assert.equal(of(name), "danger", name);
  assert.equal(of("x", { title: "Erase the card" }), "danger");
  assert.equal(of("x", { "@type": ["ex:DestructiveAction"] }), "danger");
  for (const name of ["stop", "stopAll", "emergency_stop", "abort"])
    assert.equal(of(name), "stop", name);
  for (const name of ["measure", "removal", "stopwatch", "formatted"])
    assert.equal(of(name), "plain", name);
  assert.equal(of("clear", { safe: true }), "plain");
});

test("one fault of a field is told there in the server's sentence; what has no field is told of the whole", () => {
  const schema = { type: "object", properties: { a: {} } };
  const at = (...loc: unknown[]) => ({ loc: ["body", ...loc], msg: `bad ${loc}` });
  const of = (...faults: unknown[]) => refusalsOf({ faults, problem: "All." }, schema);
  assert.deepEqual(of(at("a", 2)), { fields: [{ loc: ["a", 2], sentence: "All." }] });
  assert.deepEqual(of(at("b")), { fields: [], sentence: "All." });
  assert.deepEqual(of(at("a"), at("b")), {
    fields: [{ loc: ["a"], sentence: "bad a" }],
    sentence: "All.",
  });
  assert.deepEqual(refusalsOf({ faults: [at()], problem: "All." }, { type: "integer" }), {
    fields: [{ loc: [], sentence: "All." }],
  });
  assert.deepEqual(refusalsOf(undefined, schema), { fields: [] });
});

test("spans and times are said as people say them", () => {
  assert.deepEqual([0, 3240, 125_000, 11_220_000].map(spanOf), [
    "0.0 s",
    "3.2 s",
    "2 min 05 s",
    "3 h 07 min",
  ]);
  const at = new Date(2026, 10, 29, 14, 3, 22).getTime();
  assert.equal(clockOf(at, at + 1000), "14:03:22");
  assert.equal(clockOf(at, at + 24 * 3_600_000), "29 Nov 14:03:22");
});
