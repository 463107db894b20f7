import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, headers } from "@nats-io/transport-node";
import { logTo } from "thingscope";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { clientFor, memberApart, memberFor } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";

const timeout = TEST_MS;

test("what a member cannot use is refused, counted, and told in one line: a message of 10 MB, subjects and headers that are none, stale commands, junk in place of leases and descriptions", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t, "max_payload: 16MB");
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const { server } = await memberFor(t, { servers: [url], name: "one" }, { log });
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const ask = async (
    subject: string,
    body: string | Uint8Array = "",
    said: Readonly<Record<string, string>> = {},
  ) => {
    const sent = headers();
    for (const [name, value] of Object.entries(said)) sent.set(name, value);
    const request = { headers: sent, timeout: TEST_MS };
    const answer = await connection
      .request(`thingscope.lab.one.${subject}`, body, request)
      .catch((error) => assert.fail(`${subject} ${JSON.stringify(said).slice(0, 99)}: ${error}`));
    return [Number(answer.headers?.get("Status")), answer.string()] as const;
  };
  const stage = "operate.POST.stage.move_relative";
  const [large] = await ask(stage, new Uint8Array(10e6).fill(120));
  assert.equal(large, 413);
  for (const subject of ["view", "operate.POST", "view.GET"].map((it) => `${it}.~.~.~`))
    assert.ok((await ask(subject))[0] >= 400, subject);
  for (const subject of [
    "operate.GET.%2E%2E.etc.passwd",
    "operate.TRACE.stage.position",
    "operate.nonsense.stage.position",
    "view.GET.%00.%ff",
    "operate.PUT.stage.😀",
  ]) {
    const [status, sentence] = await ask(subject);
    assert.ok(status >= 400 && status < 502, `${subject}: ${status} ${sentence}`);
  }
  for (const odd of [
    { "Content-Type": "\u0000" },
    { "Content-Type": "text/html" },
    { Query: "\u0001?&=%%%" },
    { Accept: "\u00e9".repeat(20_000) },
    { Host: "evil.example", Cookie: "a=b", "Transfer-Encoding": "chunked", Status: "200" },
  ] as Record<string, string>[]) {
    const [status, sentence] = await ask(stage, '{"x":"far"}', odd);
    assert.ok(status >= 400 && status < 502, `${JSON.stringify(odd).slice(0, 80)}: ${sentence}`);
  }

  const before = limitHits().get("fleet_bad_requests") ?? 0;
  const [late, why] = await ask(stage, '{"x":1}', { Deadline: String(Date.now() - 3000) });
  assert.equal(late, 503);
  assert.match(why, /came 3\.\d s after its deadline, and nothing was done/);
  const [bad] = await ask(stage, '{"x":1}', { Deadline: "soon" });
  assert.equal(bad, 400);
  assert.equal((limitHits().get("fleet_bad_requests") ?? 0) - before, 2);
  assert.deepEqual(server.host.get("stage").state, "open");
  const [there, position] = await ask("view.GET.stage.position");
  assert.deepEqual([there, position], [200, '{"x":0,"y":0,"z":0}']);

  for (const junk of ["{", "[]", '{"url":"file:///etc"}', "x".repeat(1e6)])
    connection.publish("thingscope.lab.two.tell.~", junk);
  await connection.flush();
  const client = await clientFor(t, { servers: [url] });
  const signal = patience();
  while (client.members.length === 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.deepEqual(
    client.members.map(({ name }) => name),
    ["one"],
  );
  const told = lines.filter((line) => /was refused/.test(line));
  assert.equal(told.length, 1, told.join("\n"));
});

test("a command that waits longer than its asker is not carried out", { timeout }, async (t) => {
  const { url } = await natsServerFor(t);
  const { child, root } = await memberApart(t, { servers: [url], name: "one" });
  const client = await clientFor(t, { servers: [url] }, { answerMs: 1000 });
  const signal = patience();
  while (client.things.size < 2) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const move = () =>
    client.fetch(`${root}/stage/move_absolute`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: '{"x":7}',
    });
  const { headers: there } = await client.fetch(`${root}/stage/move_absolute`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"x":0}',
  });
  assert.ok(there.get("location"));
  child.kill("SIGSTOP");
  await assert.rejects(move(), /'one' does not answer by NATS/);
  child.kill("SIGCONT");
  const metrics = async () => (await fetch(`${root}/metrics`)).text();
  while (!/limit="fleet_bad_requests"} 1/.test(await metrics())) signal.throwIfAborted();
  const position = Object(await (await fetch(`${root}/stage/position`)).json());
  assert.equal(position.x, 0);
});

test("a copy of a member, with its name and settings, is refused and told once", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t);
  const { url: root, fleet } = await memberFor(t, { servers: [url], name: "one" });
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const { server } = await memberFor(t, { servers: [url], name: "one" }, { joins: false, log });
  const signal = patience();
  const hits = limitHits().get("fleet_names_taken") ?? 0;
  while ((limitHits().get("fleet_names_taken") ?? 0) < hits + 2) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const told = lines.filter((line) => /already has a server 'one'/.test(line));
  assert.equal(told.length, 1, told.join("\n"));
  assert.ok(told[0]!.includes(root));
  assert.equal(fleet.status.state, "running");
  await server.close();
});
