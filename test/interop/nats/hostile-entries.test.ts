import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { AckPolicy, DeliverPolicy, jetstreamManager } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { logTo, property, Thing } from "thingscope";
import type { SimulatedStage } from "thingscope/things";
import { Type } from "typebox";
import { fleetClock } from "../../../src/base/fleet-clock.ts";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { clientFor, memberFor } from "./members.ts";
import { sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;
const pack = promisify(gzip);

class Note extends Thing {
  static override readonly title: string = "Note";

  @property("What stands there", Type.String())
  accessor text = "mine";

  @property("What else", Type.String(), { readOnly: true })
  get other(): string {
    return "forged";
  }
}

async function eventually(isSo: () => boolean): Promise<void> {
  for (const signal = patience(); !isSo(); signal.throwIfAborted())
    await new Promise((resolve) => setTimeout(resolve, 10));
}

function counted(limit: string): number {
  return limitHits().get(limit) ?? 0;
}

/** A member `one` and what it logs, a client of its fleet, and a connection that may publish anything. */
async function attacked(t: TestContext, things: Record<string, Thing> = {}) {
  const { url, fleet } = await sharedNats();
  const servers = [url];
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const one = await memberFor(t, { servers, name: "one", fleet }, { log, things });
  const client = await clientFor(t, { servers, fleet });
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  return { root: one.url, one, servers, fleet, lines, client, connection };
}

test("a request whose answer would be a command, a lease or an order to JetStream is not obeyed", {
  timeout,
}, async (t) => {
  const note = new Note();
  const { servers, fleet, lines, client, connection } = await attacked(t, { note });
  await memberFor(t, { servers, name: "two", fleet });
  await eventually(() => client.things.size === 5);
  const bucket = `KV_thingscope_${fleet}_things`;
  const at = (what: string) => `thingscope.${fleet}.one.${what}`;
  const before = counted("fleet_bad_requests");
  for (const [asked, reply] of [
    ["view.GET.note.other", at("operate.PUT.note.text")],
    ["view.HEAD.note.other", `thingscope.${fleet}.two.tell.~`],
    ["view.HEAD.note.other", `$JS.API.STREAM.DELETE.${bucket}`],
    ["view.clock", at("operate.POST.camera.start")],
  ] as const)
    connection.publish(at(asked), "", { reply });
  for (let n = 0; n < 3; n += 1) await connection.request(at("view.GET.note.text"));
  assert.equal(note.text, "mine");
  assert.deepEqual(
    client.members.map(({ name }) => name),
    ["one", "two"],
  );
  await (await jetstreamManager(connection)).streams.info(bucket);
  assert.equal(counted("fleet_bad_requests") - before, 4);
  const told = lines.filter((line) => /was refused/.test(line));
  assert.equal(told.length, 1);
  assert.match(
    told[0]!,
    /wants its answer on thingscope\..+PUT\.note\.text, which is no inbox\. Use a reply subject/,
  );
});

test("what JetStream publishes where a viewer wants it is no command and no farewell", {
  timeout,
}, async (t) => {
  const { one, servers, fleet, lines, client, connection } = await attacked(t);
  await memberFor(t, { servers, name: "two", fleet });
  await eventually(() => client.things.size === 4);
  await one.server.host.get("stage").invoke("move_relative", { x: 5 }).ended;
  const bucket = `KV_thingscope_${fleet}_things`;
  const { consumers } = await jetstreamManager(connection);
  await consumers.add(bucket, {
    ...{ durable_name: "mine", ack_policy: AckPolicy.Explicit, deliver_policy: DeliverPolicy.New },
  });
  const [requests, entries] = [counted("fleet_bad_requests"), counted("fleet_bad_entries")];
  for (const reply of ["one.operate.POST.stage.move_to_origin", "two.tell.~"])
    connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${bucket}.mine`, '{"no_wait":true}', {
      reply: `thingscope.${fleet}.${reply}`, // no message is there, and an empty one says so
    });
  // Both members and the client count the farewell, or obey it.
  await eventually(() => counted("fleet_bad_entries") - entries >= 2 || client.members.length < 2);
  await eventually(() => counted("fleet_bad_requests") > requests);
  assert.deepEqual(Object((one.server.host.get("stage").thing as SimulatedStage).position).x, 5);
  assert.deepEqual(
    client.members.map(({ name }) => name),
    ["one", "two"],
  );
  assert.match(
    lines.join("\n"),
    /The farewell of 'two' in the fleet is refused: it is not its own/,
  );
});

test("junk in the bucket, another member's Thing, and clocks that no computer has are refused, counted, and told once of each name", {
  timeout,
}, async (t) => {
  const { root, fleet, lines, client, connection } = await attacked(t);
  await eventually(() => client.things.size === 2);
  const bucket = await new Kvm(connection).open(`thingscope_${fleet}_things`);
  const before = counted("fleet_bad_entries");

  const lease = { instance: "x", since: 1, url: "http://127.0.0.1:1", version: "0.1.0" };
  const far = { reference: "a", offset_ms: 1e300, uncertainty_ms: 0 };
  const say = (name: string, what: unknown) =>
    connection.publish(`thingscope.${fleet}.${name}.tell.~`, JSON.stringify(what));
  let asked = 0;
  connection.subscribe(`thingscope.${fleet}.a.view.clock`, {
    callback(_, message) {
      message.respond('{"wall":1e300,"steady":1e300,"origin":1e300}');
      asked += 1;
    },
  });
  say("a", { ...lease, clock: far });
  say("a", { ...lease, since: 1e300 });
  say("a", lease);
  say("<b>", lease);
  const stolen = Object(await (await fetch(`${root}/stage/`)).json());
  const links = [{ rel: "self", href: `${root}/stage/` }];
  const deep = `{"id":"urn:deep","deep":${"[".repeat(20_000)}${"]".repeat(20_000)}}`;
  const junk: Record<string, string | Uint8Array> = {
    "a.text": "{",
    "a.list": "[]",
    "a.none": '{"id":7}',
    "a.deep": deep,
    "a.bomb": await pack(Buffer.alloc(20e6)),
    "a.gzip": new Uint8Array([0x1f, 0x8b, 0, 1]),
    "a.stolen": JSON.stringify({ ...stolen, id: "urn:stolen", links }),
    a: '{"id":"urn:key"}',
    "a.b.c": '{"id":"urn:key"}',
  };
  for (const [key, value] of Object.entries(junk)) await bucket.put(key, value);
  await bucket.put(
    "a.odd",
    '{"id":"urn:odd","properties":null,"actions":[7],"links":"x","forms":{}}',
  );
  await eventually(() => client.things.has("urn:odd"));
  // Each reader of the bucket, the member and the client, counts.
  await eventually(
    () => counted("fleet_bad_entries") - before === 2 * (3 + Object.keys(junk).length),
  );
  assert.equal(client.things.size, 3);
  assert.deepEqual(
    client.members.map(({ name, url: at }) => [name, at]),
    [
      ["a", lease.url],
      ["one", root],
    ],
  );
  const listed = (await (await fetch(`${root}/directory/things`)).json()) as { id: string }[];
  assert.equal(listed.length, 3);
  for (const name of ["a", "<b>", "a.b.c"])
    assert.equal(
      lines.filter((line) => line.includes(` of '${name}' in the fleet is refused`)).length,
      1,
    );
  await eventually(() => asked > 0);
  assert.equal(fleetClock.offset, undefined, "no clock shows 1e300");
});
