import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { patience, TEST_MS } from "../../limits.ts";
import { needsRoot } from "../../needs.ts";
import { FleetWatch } from "./fleet-watch.ts";
import { Machines } from "./machines.ts";

const { THINGSCOPE_LONG: isLong } = process.env;
const timeout = 4 * TEST_MS;

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

test("three machines: brokers and servers die, a machine is cut off, disks are full; who is there stays right, and every command is answered or refused", {
  timeout,
  ...needsRoot("makes network namespaces"),
}, async (t) => {
  const { machines, brokers, members } = await laboratory(t);
  const watch = await FleetWatch.at(t, machines, [2]);
  await watch.areMembers("m1 m2 m3");
  assert.equal(await watch.command(1), "201");
  assert.equal(await replicas(machines), 3, "also of a bucket that was made while two brokers ran");

  await brokers[0]!.kill();
  await watch.areMembers("m1 m2 m3");
  while ((await watch.command(1)) !== "201"); // its server has found another broker
  brokers[0] = await machines.startBroker(1);

  const cut = machines.plug(3, false);
  await Promise.all([cut, members[0]!.kill()]);
  const refused = await Promise.all([1, 3].map((n) => watch.command(n)));
  for (const sentence of refused)
    assert.match(sentence, /^'m\d' does not answer by NATS: |^no member of the fleet is at /);
  await watch.areMembers("m2");
  assert.equal(await watch.command(2), "201");
  assert.equal(Object(await machines.fetchAt(3, "/stage/position")).y, 0);
  const alone = async () => Object(await machines.fetchAt(3, "/health")).fleet;
  while ((await alone()).members.length > 0) patience().throwIfAborted(); // it has a broker of its own, which knows nobody
  const { connected, reason } = await alone();
  assert.match(`${connected} ${reason}`, /^true Nothing is heard of any other member \(m1, m2\)/);
  t.after(() => t.diagnostic(`longest, in ms: ${JSON.stringify(watch.longest)}`));
  if (!isLong) return;
  await new Promise((resolve) => setTimeout(resolve, 20_000));
  await machines.plug(3, true);
  await watch.areMembers("m2 m3");
  const one = await machines.startMember(1);
  await watch.areMembers("m1 m2 m3");
  while ((await watch.command(3)) !== "201") patience().throwIfAborted();

  const full = [1, 2, 3].map((n) => writeFile(join(machines.store(n), "full"), Buffer.alloc(4e7)));
  await Promise.allSettled(full);
  await one.kill();
  await watch.areMembers("m2 m3");
  await machines.startMember(1);
  await watch.areMembers("m1 m2 m3");
  for (const n of [1, 2, 3]) assert.equal(await watch.command(n), "201");
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
  const other = await FleetWatch.at(t, machines, [2]);
  await other.areMembers("m1 m2 m3");
});
