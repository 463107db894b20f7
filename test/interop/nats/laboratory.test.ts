import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { verifyTickets } from "thingscope/work";
import { TEST_MS } from "../../limits.ts";
import { needsLong, needsRoot } from "../../needs.ts";
import { SEED } from "../../seed.ts";
import { randomFrom } from "../../server/hostile-clients.ts";
import { DEADLINE_S, Laboratory } from "./laboratory.ts";

/** `THINGSCOPE_FAULT_MINUTES` is for whoever wants to see it begin. */
const MINUTES = Number(process.env.THINGSCOPE_FAULT_MINUTES ?? 10);
const NUMBERS = [1, 2, 3] as const;
/** What a command comes to that no server has answered. */
const REFUSED = /^'m\d' does not answer by NATS: |^no member of the fleet is at |NATS/;

test("ten minutes of faults of three machines: each ticket ends once, each command is answered or refused in its time, who is there is right, and pictures go on", {
  timeout: MINUTES * 60_000 + 3 * TEST_MS,
  ...needsLong(needsRoot("makes network namespaces")),
}, async (t) => {
  const random = randomFrom(SEED);
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const lab = await Laboratory.open(t);
  const counts = new Map<string, number>();
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  const end = Date.now() + MINUTES * 60_000;
  const until = async (work: () => unknown) => {
    while (Date.now() < end) await work();
  };

  const faults: Record<string, () => unknown> = {
    "a server is killed": () => lab.killServer(pick(NUMBERS), random() < 0.5),
    "a broker is killed": () => lab.killBroker(pick(NUMBERS), random() * 5000),
    "a machine is cut off for 30 s": () => lab.cutOff(pick(NUMBERS), 30_000),
    "a disk of JetStream is full": () => lab.fillDisks([pick(NUMBERS)], random() * 5000),
    "all disks of JetStream are full": () => lab.fillDisks(NUMBERS, random() * 5000),
    "JetStream loses its tickets": () => lab.manage((m, stream) => m.streams.purge(stream)),
    "JetStream loses its stream": () => lab.manage((m, stream) => m.streams.delete(stream)),
    "its consumer is stuck": () =>
      lab.manage((m, s) => m.consumers.pause(s, "workers", new Date(Date.now() + 3.6e6))),
  };
  const ofWorkers: Record<string, () => unknown> = {
    "a worker is killed": () => pick(lab.workers).kill(),
    "all workers are killed": () => lab.workers.map((one) => one.kill()),
    "a worker is stopped": () => pick(lab.workers).stopFor(4000),
  };
  const happen = (those: typeof faults, ms: number) =>
    until(async () => {
      const name = pick(Object.keys(those));
      count(name);
      t.diagnostic(`${Math.round((end - Date.now()) / 1000)} s before the end: ${name}`);
      await those[name]!();
      await pause(ms * (0.2 + random()));
    });
  const commands = until(async () => {
    const came = await lab.watch.command(pick(NUMBERS));
    count(came === "201" ? "command answered" : "command refused");
    if (came !== "201") assert.match(came, REFUSED);
    await pause(300);
  });
  await Promise.all([happen(faults, 3000), happen(ofWorkers, 5000), commands]);

  await lab.ask("/spots/active", {
    ...{ method: "PUT", body: "false", headers: { "content-type": "application/json" } },
  });
  for (const late = Date.now() + 3 * DEADLINE_S * 1000; ; await pause(500)) {
    const { open } = Object(await (await lab.ask("/spots/sums")).json());
    if (open === 0) break;
    assert.ok(Date.now() < late, `${open} tickets are open though their deadline has passed`);
  }
  const metrics = await (await lab.ask("/metrics")).text();
  const watched = await lab.watched();
  await lab.stopFirst();
  const verdict = await verifyTickets(lab.ledger);
  t.diagnostic([...counts].map(([name, number]) => `${name}: ${number}`).join(", "));
  t.diagnostic(`longest, in ms: ${JSON.stringify(lab.watch.longest)}`);
  t.diagnostic(`viewers: ${JSON.stringify(watched)}`);
  t.diagnostic(verdict.sentence);
  t.diagnostic(metrics.match(/^thingscope_work_.*$/gm)?.join("\n") ?? "");
  assert.ok(verdict.ok, verdict.sentence);
  assert.equal(verdict.open, 0);
  assert.ok(verdict.done > 0, verdict.sentence);
  for (const { skipped } of watched) assert.equal(skipped, 0, "frames that a viewer did not get");
});
