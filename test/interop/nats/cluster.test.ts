import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { FleetClient } from "thingscope/fleet";
import { Elapsed } from "../../elapsed.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsRoot } from "../../needs.ts";
import { Machines } from "./machines.ts";

const { THINGSCOPE_LONG: isLong } = process.env;
const timeout = 4 * TEST_MS;
const PRESENT_MS = 10_000;
const ANSWER_MS = 4000;

/** Three machines with a broker and a server each, whose programs can be ended, and a client of one broker. */
async function laboratory(t: TestContext) {
  const machines = await Machines.three(t);
  const two = await Promise.all([1, 2].map((n) => machines.startBroker(n)));
  const first = await machines.startMember(1);
  const brokers = [...two, await machines.startBroker(3)];
  const others = await Promise.all([2, 3].map((n) => machines.startMember(n)));
  const members = [first, ...others];
  return { machines, brokers, members };
}

async function clientAt(t: TestContext, machines: Machines, n: number): Promise<FleetClient> {
  const client = await FleetClient.connect(
    { servers: [machines.broker(n)] },
    { answerMs: ANSWER_MS },
  );
  t.after(() => client.close());
  return client;
}

/** How many brokers have the fleet's descriptions. */
async function replicas(machines: Machines): Promise<number> {
  const connection = await connect({ servers: machines.broker(2) });
  try {
    const manager = await jetstreamManager(connection);
    return (await manager.streams.info("KV_thingscope_lab_things")).config.num_replicas;
  } finally {
    await connection.close();
  }
}

/** The longest that each kind of thing took, ms of this program's time. */
const longest = { presence: 0, command: 0 };

function note(kind: keyof typeof longest, { ms }: Elapsed): void {
  longest[kind] = Math.max(longest[kind], Math.round(ms));
}

/** Resolves when these are the members that a client sees, which must be soon. */
async function areMembers(client: FleetClient, names: string): Promise<void> {
  const elapsed = new Elapsed();
  const signal = patience();
  const seen = () => client.members.map(({ name }) => name).join(" ");
  while (seen() !== names) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  note("presence", elapsed);
  assert.ok(elapsed.ms <= PRESENT_MS, `${names} after ${elapsed.ms} ms`);
}

/** What a command of a stage comes to: an answer, or a sentence, in its time. */
async function command(client: FleetClient, machines: Machines, n: number): Promise<string> {
  const elapsed = new Elapsed();
  const url = `http://${machines.address(n)}:5000/stage/move_relative`;
  const headers = { "Content-Type": "application/json" };
  const request = { method: "POST", headers, body: '{"x":1}' };
  const came = await client.fetch(url, request).then(
    ({ status }) => String(status),
    (error: Error) => error.message,
  );
  note("command", elapsed);
  assert.ok(elapsed.ms < ANSWER_MS + 1000, `${came} after ${elapsed.ms} ms`);
  return came;
}

test("three machines: brokers and servers die, a machine is cut off, disks are full; who is there stays right, and every command is answered or refused", {
  timeout,
  ...needsRoot("makes network namespaces"),
}, async (t) => {
  const { machines, brokers, members } = await laboratory(t);
  const client = await clientAt(t, machines, 2);
  await areMembers(client, "m1 m2 m3");
  assert.equal(await command(client, machines, 1), "201");
  assert.equal(await replicas(machines), 3, "also of a bucket that was made while two brokers ran");

  await brokers[0]!.kill();
  await areMembers(client, "m1 m2 m3");
  while ((await command(client, machines, 1)) !== "201"); // its server has found another broker
  brokers[0] = await machines.startBroker(1);

  const cut = machines.plug(3, false);
  await Promise.all([cut, members[0]!.kill()]);
  const refused = await Promise.all([1, 3].map((n) => command(client, machines, n)));
  for (const sentence of refused)
    assert.match(sentence, /^'m\d' does not answer by NATS: |^no member of the fleet is at /);
  await areMembers(client, "m2");
  assert.equal(await command(client, machines, 2), "201");
  assert.equal(Object(await machines.fetchAt(3, "/stage/position")).y, 0);
  const alone = async () => Object(await machines.fetchAt(3, "/health")).fleet;
  while ((await alone()).members.length > 0) patience().throwIfAborted(); // it has a broker of its own, which knows nobody
  const { connected, reason } = await alone();
  assert.match(`${connected} ${reason}`, /^true Nothing is heard of any other member \(m1, m2\)/);
  t.after(() => t.diagnostic(`longest, in ms: ${JSON.stringify(longest)}`));
  if (!isLong) return;
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  await machines.plug(3, true);
  await areMembers(client, "m2 m3");
  const one = await machines.startMember(1);
  await areMembers(client, "m1 m2 m3");
  while ((await command(client, machines, 3)) !== "201") patience().throwIfAborted();

  const full = [1, 2, 3].map((n) => writeFile(join(machines.store(n), "full"), Buffer.alloc(4e7)));
  await Promise.allSettled(full);
  await one.kill();
  await areMembers(client, "m2 m3");
  await machines.startMember(1);
  await areMembers(client, "m1 m2 m3");
  for (const n of [1, 2, 3]) assert.equal(await command(client, machines, n), "201");
  const reasonAt = async (n: number) => Object(await machines.fetchAt(n, "/health")).fleet.reason;
  for (const signal = patience(); (await reasonAt(1)) === undefined; signal.throwIfAborted());
  t.diagnostic(`with full disks: ${await reasonAt(1)}`);

  await Promise.all([1, 2, 3].map((n) => rm(join(machines.store(n), "full"))));
  // A cluster whose disks were full answers nothing more, also with room.
  for (const n of [3, 2, 1]) {
    await brokers[n - 1]!.kill();
    await machines.startBroker(n);
  }
  const signal = patience();
  for (let why = await reasonAt(1); why !== undefined; why = await reasonAt(1))
    assert.ok(!signal.aborted, `descriptions are not kept though there is room: ${why}`);
  await areMembers(await clientAt(t, machines, 2), "m1 m2 m3");
});
