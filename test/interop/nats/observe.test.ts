import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { property, Thing } from "thingscope";
import { ThingClient } from "thingscope/client";
import { SimulatedStage } from "thingscope/things";
import { Type } from "typebox";
import { Elapsed } from "../../elapsed.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { clientFor, memberApart, memberFor } from "./members.ts";
import { sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;
/** Whoever observes is told so soon that a member has gone, ms. */
const TOLD_MS = 10_000;

async function eventually(isSo: () => boolean, what: () => unknown = () => ""): Promise<void> {
  const signal = patience();
  while (!isSo()) {
    if (signal.aborted) assert.fail(`not within its time: ${JSON.stringify(what())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What an observer of a stage is told, by `observe` and by `follow`. */
function observed(t: TestContext, stage: ThingClient) {
  const end = new AbortController();
  t.after(() => end.abort());
  const values: unknown[] = [];
  const positions: unknown[] = [];
  const states: string[] = [];
  const subscription = stage.properties.position!.observe(end.signal);
  void (async () => {
    for await (const value of subscription) values.push(value);
  })();
  void stage.follow(
    {
      onProperty: (name, value) => void (name === "position" && positions.push(value)),
      onConnected: (is, reason = "") => void states.push(`${is} ${reason}`.trim()),
    },
    end.signal,
  );
  return { values, positions, states, opened: subscription.opened };
}

/** A member in a process of its own, and a client that has found its Things. */
async function memberAndClient(t: TestContext) {
  const { url, fleet } = await sharedNats();
  const options = { servers: [url], name: "one", fleet };
  const { child, root } = await memberApart(t, options);
  const client = await clientFor(t, { servers: [url], fleet });
  await eventually(() => client.things.size === 2);
  return { options, child, root, client };
}

async function isTold(
  { values, positions, states }: ReturnType<typeof observed>,
  x: number,
): Promise<void> {
  for (const told of [values, positions])
    await eventually(
      () => told.some((value) => Object(value).x === x),
      () => [x, values, positions, states],
    );
}

test("a client that observes a Thing by NATS is told of new values, and observing goes on when its server was killed and is back at another address", {
  timeout,
}, async (t) => {
  const { options, child, root, client } = await memberAndClient(t);
  const stage = await ThingClient.connect(`${root}/stage/`, { fetch: client.fetch });
  const told = observed(t, stage);
  await told.opened;
  await eventually(() => told.states.length === 1);
  for (const x of [1, 2, 3]) await stage.invoke("move_absolute", { x });
  await isTold(told, 3);
  assert.deepEqual(told.states, ["true"]);
  child.kill("SIGKILL");
  await once(child, "exit");
  const back = await memberApart(t, options);
  assert.notEqual(back.root, root);
  await eventually(() => told.states.length >= 3 && told.states.at(-1) === "true");
  assert.match(
    told.states[1]!,
    /^false .*(The connection was lost|cannot be reached|does not answer)/,
  );
  assert.equal(Object(told.positions.at(-1)).x, 0, "it has begun anew");
  await stage.invoke("move_absolute", { x: 7 });
  await isTold(told, 7);
});

test("whoever observes a Thing by NATS is told that its member has closed it, and begins anew when it is there again", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const { server, url: root } = await memberFor(t, { servers: [url], name: "one", fleet });
  const client = await clientFor(t, { servers: [url], fleet });
  await eventually(() => client.things.size === 2);
  const stage = await ThingClient.connect(`${root}/stage/`, { fetch: client.fetch });
  const told = observed(t, stage);
  await told.opened;
  await stage.invoke("move_absolute", { x: 3 });
  await isTold(told, 3);
  const { host } = server;
  await host.exchange(["stage"], () => server.thingsChanged());
  await eventually(() => told.states.length >= 2);
  assert.match(told.states[1]!, /^false /);
  await host.exchange([], async () => {
    host.add("stage", new SimulatedStage());
    await server.thingsChanged();
  });
  await eventually(() => told.states.at(-1) === "true");
  assert.equal(Object(told.positions.at(-1)).x, 0);
  await stage.invoke("move_absolute", { x: 7 });
  await isTold(told, 7);
});

test("whoever observes a Thing of a member that was killed is told so within ten seconds, by NATS and over HTTP, and of new values when it is back", {
  timeout,
  ...needsLong(),
}, async (t) => {
  const { options, child, root, client } = await memberAndClient(t);
  const byNats = await ThingClient.connect(`${root}/stage/`, { fetch: client.fetch });
  const overHttp = await ThingClient.connect(`${root}/stage/`);
  const both = [observed(t, byNats), observed(t, overHttp)];
  await Promise.all(both.map(({ opened }) => opened));
  await byNats.invoke("move_absolute", { x: 1 });
  for (const told of both) await isTold(told, 1);
  const elapsed = new Elapsed();
  child.kill("SIGKILL");
  for (const { states } of both) {
    await eventually(() => states.length > 1);
    assert.match(states[1]!, /^false .+\/stage\/ cannot be reached: .+/);
  }
  assert.ok(elapsed.ms < TOLD_MS + 1000, `${elapsed.ms} ms`);
  await eventually(() => client.members.length === 0);
  await memberApart(t, options, { port: Number(new URL(root).port) });
  for (const { states } of both) await eventually(() => states.at(-1) === "true");
  await overHttp.invoke("move_absolute", { x: 5 });
  for (const told of both) await isTold(told, 5);
});

class Moody extends Thing {
  static override readonly title: string = "Moody";
  mood = "good";

  @property("Its mood", Type.String(), { observable: true, readOnly: true })
  get state(): string {
    if (this.mood === "none") throw new Error("It does not know.");
    return this.mood;
  }

  feel(mood: string): void {
    this.mood = mood;
    this.changed("state");
  }
}

test("observing by NATS begins without a gap, tells what has no value, and is refused as over HTTP where there is nothing to observe", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const moody = new Moody();
  const things = { moody };
  const { url: root } = await memberFor(t, { servers: [url], name: "one", fleet }, { things });
  const client = await clientFor(t, { servers: [url], fleet });
  await eventually(() => client.things.size === 3);
  const accept = { Accept: "text/event-stream" };
  for (const path of ["/moody/nothing", "/none/state"]) {
    const [byNats, byHttp] = [
      await client.fetch(root + path, { headers: accept }),
      await fetch(root + path, { headers: accept }),
    ];
    assert.equal(byNats.status, byHttp.status);
    assert.equal(await byNats.text(), await byHttp.text());
  }
  const problems: string[] = [];
  const end = new AbortController();
  t.after(() => end.abort());
  const thing = await ThingClient.connect(`${root}/moody/`, { fetch: client.fetch });
  const onProblem = (name: string, { message }: Error) => problems.push(`${name}: ${message}`);
  const subscription = thing.properties.state!.observe({ signal: end.signal, onProblem });
  const values: unknown[] = [];
  void (async () => {
    for await (const value of subscription) values.push(value);
  })();
  await subscription.opened;
  const moods = Array.from({ length: 50 }, (_, n) => `${n}`);
  for (const mood of moods) moody.feel(mood);
  moody.feel("none");
  moody.feel("good");
  await eventually(() => values.at(-1) === "good");
  assert.deepEqual(values, [...moods, "good"]);
  assert.match(problems.join(), /^state: .*It does not know\.$/);
});

test("a hundred Things on one member start without a warning of Node, and are observed at once", {
  timeout,
}, async (t) => {
  const warnings: string[] = [];
  const onWarning = ({ name, message }: Error) => warnings.push(`${name}: ${message}`);
  process.on("warning", onWarning);
  t.after(() => process.off("warning", onWarning));
  const { url, fleet } = await sharedNats();
  const all = Array.from({ length: 100 }, () => new Moody());
  const things = Object.fromEntries(all.map((thing, n) => [`moody${n}`, thing]));
  const { url: root } = await memberFor(t, { servers: [url], name: "one", fleet }, { things });
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const heard = new Set<string>();
  connection.subscribe(`thingscope.${fleet}.one.tell.*.properties.state`, {
    callback: (_, { subject }) => void heard.add(subject),
  });
  await connection.flush();
  for (const thing of all) thing.feel("fine");
  await eventually(() => heard.size === 100);
  assert.equal((await fetch(`${root}/health`)).status, 200);
  assert.deepEqual(warnings, []);
});
