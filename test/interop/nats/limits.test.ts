import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { logTo, property, Thing } from "thingscope";
import { ThingClient } from "thingscope/client";
import type { SimulatedStage } from "thingscope/things";
import { Type } from "typebox";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { Elapsed } from "../../elapsed.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { clientFor, memberApart, memberFor } from "./members.ts";
import { natsServerFor, sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;

class Wordy extends Thing {
  static override readonly title: string = "Wordy";

  @property("What it says", Type.String(), { observable: true })
  accessor words = "";
}

/** Its description is longer than a message. */
class Verbose extends Thing {
  static override readonly title: string = "Verbose";

  @property("What it may say", Type.Enum([noise(50_000)]), { readOnly: true })
  get words(): string {
    return "";
  }
}

/** No two parts of it are the same: it packs badly. */
function noise(length: number): string {
  return randomBytes(length).toString("base64").slice(0, length);
}

async function eventually(isSo: () => boolean): Promise<void> {
  const signal = patience();
  while (!isSo()) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test("with a broker of small messages descriptions and answers are packed, and what does not fit is told once, with what to do", {
  timeout,
}, async (t) => {
  const { url } = await natsServerFor(t, "max_payload: 32768");
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const told = (what: RegExp) => lines.filter((line) => what.test(line));
  const wordy = new Wordy();
  const things = { wordy, verbose: new Verbose() };
  const { url: root } = await memberFor(t, { servers: [url], name: "one" }, { log, things });
  const client = await clientFor(t, { servers: [url] });
  await eventually(() => client.things.size === 3);
  const untold = () => told(/does not take the description of/);
  await eventually(() => untold().length > 0);
  assert.match(
    untold()[0]!,
    /'verbose' \(\d+ characters\), and others do not list it: packed it has \d+ bytes, .+ Make max_payload/,
  );
  const stage = await ThingClient.connect(`${root}/stage/`, { fetch: client.fetch });
  await stage.invoke("move_relative", { x: 2 });
  const long = await client.fetch(`${root}/verbose/`);
  assert.match(await long.text(), /The answer has more than \d+ bytes.*Read it over HTTP/);

  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const heard = connection.subscribe("thingscope.lab.one.tell.wordy.properties.words");
  await connection.flush();
  const hits = () => limitHits().get("fleet_notification_bytes") ?? 0;
  for (const n of [1, 2]) {
    wordy.words = noise(50_000);
    await eventually(() => hits() === n);
  }
  wordy.words = "short";
  for await (const message of heard) if (message.string() === '"short"') break;
  assert.equal(told(/new of properties.words of 'wordy' is not told by NATS/).length, 1);
  await assert.rejects(
    client.fetch(`${root}/stage/move_relative`, { method: "POST", body: noise(50_000) }),
    /'one' does not answer by NATS: .*max_payload[^?]*$/,
  );
  assert.equal(untold().length, 1);
});

test("what the permissions of NATS do not let a member do is told once, and in /health", {
  timeout,
}, async (t) => {
  const deny = `publish: { deny: ["thingscope.*.*.tell.>"] }, subscribe: { deny: ["thingscope.*.*.operate.>"] }`;
  const { url } = await natsServerFor(
    t,
    `authorization { users = [ { user: half, password: half, permissions: { ${deny} } } ] }`,
  );
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const password_file = join(await temporaryFolder(), "half");
  await writeFile(password_file, "half");
  const credentials = { user: "half", password_file };
  const { fleet } = await memberFor(t, { servers: [url], name: "one", credentials }, { log });
  const told = (what: RegExp) => lines.filter((line) => what.test(line)).length;
  const hits = () => limitHits().get("fleet_subjects_denied") ?? 0;
  const before = hits();
  await eventually(() => hits() > before + 1); // leases go on
  assert.equal(told(/does not let this server publish thingscope\.lab\.one\.tell\./), 1);
  assert.equal(told(/does not let this server subscribe to thingscope\.lab\.one\.operate\.>/), 1);
  assert.match(
    String(fleet.health().reason),
    /Allow its login all subjects of its own, thingscope\.lab\.one\.>/,
  );
});

test("a command without a reply subject is not carried out, and the log says what to do", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const { server } = await memberFor(t, { servers: [url], name: "one", fleet }, { log });
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const stage = server.host.get("stage").thing as SimulatedStage;
  const subject = `thingscope.${fleet}.one.operate.POST.stage.move_relative`;
  const hits = () => limitHits().get("fleet_bad_requests") ?? 0;
  const before = hits();
  for (const body of ['{"x":1}', '{"x":"far"}', new Uint8Array([0xff, 0xfe])])
    connection.publish(subject, body);
  const told = () => lines.filter((line) => /has no reply subject/.test(line));
  await eventually(() => told().length > 0 && hits() === before + 3);
  assert.match(told()[0]!, /was refused: .+move_relative has no reply subject.+ like _INBOX\.a1\./);
  assert.equal(stage.position.x, 0);
});

test("as many as wait for values do not keep a command from being begun", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const { server } = await memberFor(t, { servers: [url], name: "one", fleet });
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const ask = async (subject: string) => {
    const request = { timeout: TEST_MS };
    const answer = await connection.request(`thingscope.${fleet}.one.${subject}`, "", request);
    return Number(answer.headers?.get("Status"));
  };
  const [waiting, busy] = [Array.from({ length: 64 }), () => limitHits().get("fleet_requests")];
  for (const _ of waiting) ask("view.GET.stage.position.next").catch(() => {});
  while ((await ask("view.GET.stage.position")) !== 503);
  assert.ok(busy());
  assert.ok((await ask("operate.POST.stage.stop")) < 300);
  await server.close();
});

test("requests to a member that is silent are refused once a command can be begun no more, and the next ones at once", {
  timeout,
  ...needsLong(),
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const { child, root } = await memberApart(t, { servers: [url], name: "one", fleet });
  const client = await clientFor(t, { servers: [url], fleet });
  await eventually(() => client.things.size === 2);
  const move = (x: number) =>
    client.fetch(`${root}/stage/move_absolute`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ x }),
    });
  assert.equal((await move(1)).status, 201);
  child.kill("SIGSTOP");
  const elapsed = new Elapsed();
  const [sent, asked] = await Promise.allSettled([move(2), client.fetch(`${root}/stage/position`)]);
  assert.ok(elapsed.ms < 20_000, `${elapsed.ms} ms`); // of 35 s
  const unknown = /Whether it was carried out is not known: look there before you send it again\./;
  assert.match(reasonOf(sent), unknown);
  assert.match(reasonOf(asked), /^'one' does not answer by NATS: [^?]+\.$/);
  const next = reasonOf((await Promise.allSettled([move(3)]))[0]);
  assert.match(next, /^no member of the fleet is at|^'one' does not answer by NATS/);
  assert.doesNotMatch(next, unknown);
  child.kill("SIGCONT");
  await eventually(() => client.things.size === 2);
  const there = await client.fetch(`${root}/stage/position`);
  assert.equal(Object(await there.json()).x, 1, "what was given up is not done later");
});

function reasonOf(result: PromiseSettledResult<Response>): string {
  assert.equal(result.status, "rejected");
  return (result as PromiseRejectedResult).reason.message;
}
