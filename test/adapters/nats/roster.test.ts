import assert from "node:assert/strict";
import { test } from "node:test";
import { logTo } from "thingscope";
import { Roster } from "../../../src/adapters/nats/roster.ts";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { silentLog } from "../../../src/base/log.ts";
import { FakeTimers } from "../../base/fake-timers.ts";

const LEASE = JSON.stringify({
  ...{ instance: "a", since: 1, url: "http://10.0.0.1:5000", version: "0.1.0" },
});

function rosterWith(lines: string[] = []): Roster {
  return new Roster(
    "own",
    logTo((_, line) => lines.push(line)),
  );
}

function titles({ descriptions }: Roster): unknown[] {
  return [...descriptions.values()].map(({ title }) => title);
}

test("of two Things with one id the first is listed, and the other when that has gone; it is told once", () => {
  const lines: string[] = [];
  const roster = rosterWith(lines);
  for (const name of ["one", "two"]) {
    roster.renewed(name, LEASE);
    for (const thing of ["camera", "stage"])
      roster.described(
        name,
        thing,
        JSON.stringify({ id: `urn:${thing}`, title: `${name} ${thing}` }),
      );
  }
  assert.deepEqual(titles(roster), ["one camera", "one stage"]);
  const told = lines.filter((line) =>
    /'two\/camera' has the id of a Thing of another member/.test(line),
  );
  assert.equal(told.length, 1);
  assert.equal(lines.filter((line) => /has the id/.test(line)).length, 1);
  roster.described("one", "camera", JSON.stringify({ id: "urn:camera", title: "one again" }));
  assert.deepEqual(titles(roster), ["one again", "one stage"]);
  roster.left("two", "a");
  assert.deepEqual(titles(roster), ["one again", "one stage"]);
  roster.renewed("two", LEASE);
  roster.left("one", "a");
  assert.deepEqual(titles(roster), ["two camera", "two stage"]);
  roster.close();
});

test("members that have gone, with all their Things, make room for others", () => {
  const roster = rosterWith();
  const hits = () => limitHits().get("fleet_members") ?? 0;
  const before = hits();
  for (let n = 0; n < 1200; n += 1) {
    const name = `worker-${n}`;
    roster.renewed(name, LEASE);
    roster.described(name, "camera", JSON.stringify({ id: `urn:${n}` }));
    roster.left(name, "a");
    roster.removed(name, "camera");
  }
  assert.equal(hits(), before);
  roster.renewed("last", LEASE);
  assert.deepEqual(
    roster.present.map(({ name }) => name),
    ["last"],
  );
  roster.close();
});

test("descriptions of all members together are bounded", () => {
  const roster = rosterWith();
  roster.renewed("one", LEASE);
  const hits = () => limitHits().get("fleet_things") ?? 0;
  const before = hits();
  const padding = "x".repeat(10e6);
  for (let n = 0; n < 12; n += 1)
    roster.described("one", `thing${n}`, JSON.stringify({ id: `urn:${n}`, padding }));
  assert.equal(roster.descriptions.size, 9);
  assert.equal(hits() - before, 3);
  roster.removed("one", "thing0");
  roster.described("one", "thing11", JSON.stringify({ id: "urn:11", padding }));
  assert.equal(roster.descriptions.size, 9);
  roster.close();
});

test("a Thing that says to be at another member's address is not listed, until its member is there", () => {
  const lines: string[] = [];
  const roster = rosterWith(lines);
  const at = (url: string) => JSON.stringify({ ...JSON.parse(LEASE), url });
  const stage = (href: string) =>
    JSON.stringify({ id: "urn:stage", title: href, links: [{ rel: "self", href }] });
  const hits = () => limitHits().get("fleet_bad_entries") ?? 0;
  const before = hits();
  roster.described("one", "stage", stage("http://10.0.0.2:5000/stage/"));
  roster.renewed("one", LEASE);
  assert.deepEqual([titles(roster), roster.things.length, hits() - before], [[], 0, 1]);
  roster.renewed("one", LEASE);
  assert.equal(hits() - before, 1);
  roster.renewed("one", at("http://10.0.0.2:5000"));
  assert.deepEqual(titles(roster), ["http://10.0.0.2:5000/stage/"]);
  assert.equal(roster.things.length, 1);
  roster.renewed("one", at("http://10.0.0.3:5000"));
  assert.equal(roster.descriptions.size, 1, "it has moved, and describes its Things in a moment");
  roster.described("one", "stage", stage("http://10.0.0.3:5000/stage/"));
  assert.deepEqual(titles(roster), ["http://10.0.0.3:5000/stage/"]);
  roster.described("one", "stage", stage("http://10.0.0.9:5000/stage/"));
  assert.deepEqual(titles(roster), []);
  assert.equal(
    lines.filter((line) => /'one' in the fleet is refused: it is at/.test(line)).length,
    1,
  );
  roster.close();
});

test("after a moment without NATS members have three seconds to say that they are there, and after longer as long as they may need", async () => {
  for (const { away, left } of [
    { away: 600, left: 3600 },
    { away: 4000, left: 7000 },
    { away: 60_000, left: 9000 },
  ]) {
    const timers = new FakeTimers();
    const roster = new Roster("own", silentLog, timers);
    roster.renewed("one", LEASE);
    await timers.pass(8000);
    roster.pause();
    await timers.pass(away);
    assert.equal(roster.present.length, 1, "nobody knows whether it has gone");
    roster.resume();
    await timers.pass(left - 1);
    assert.equal(roster.present.length, 1, `${left} ms after ${away} ms`);
    await timers.pass(1);
    assert.deepEqual(roster.silent, ["one"]);
  }
});
