import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { test } from "node:test";
import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { logTo } from "thingscope";
import { blocksOf, pageText } from "../../docs/page.ts";
import { TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { clientFor, memberFor, until } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";

const timeout = TEST_MS;

/** Of 3 MB, which JetStream does not send at once. */
const MANY = Array.from({ length: 60 }, (_, n) =>
  JSON.stringify({ id: `urn:${n}`, noise: randomBytes(40_000).toString("base64") }),
);

test("with the permissions of docs/fleet.md a member has its own name alone, and a viewer reads all, and cannot command or take tickets", {
  timeout,
}, async (t) => {
  const half = '{ user: half, password: "half", permissions: { publish: { deny: ["$JS.FC.>"] } } }';
  const all = '{ user: all, password: "all" }';
  const config = permissionsIn(pageText("fleet.md")).replace("[", `[ ${half}, ${all},`);
  const { url } = await natsServerFor(t, config);
  const folder = await temporaryFolder();
  for (const user of ["bench-1", "viewer", "half"]) await writeFile(`${folder}/${user}`, user);
  const login = (user: string) => ({ user, password_file: `${folder}/${user}` });
  const { url: root, fleet } = await memberFor(t, {
    servers: [url],
    name: "bench-1",
    credentials: login("bench-1"),
  });
  const connectAs = async (user: string) => {
    const connection = await connect({ servers: url, user, pass: user });
    t.after(() => connection.close());
    return connection;
  };
  const manager = await connectAs("all");
  const bucket = await new Kvm(manager).open("thingscope_lab_things");
  for (const [n, text] of MANY.entries()) await bucket.put(`farm.t${n}`, text);
  const lease = { instance: "x", since: 1, url: "http://127.0.0.1:1", version: "0.1.0" };
  const farm = setInterval(
    () => manager.publish("thingscope.lab.farm.tell.~", JSON.stringify(lease)),
    100,
  );
  t.after(() => clearInterval(farm));
  const credentials = login("viewer");
  const client = await clientFor(t, { servers: [url], credentials });
  await until(
    () => client.things.size === 62 && fleet.roster.descriptions.size === 60,
    (listener) => {
      const stops = [client.onChange(listener), fleet.roster.onChange(listener)];
      return () => {
        for (const stop of stops) stop();
      };
    },
  );
  const said = new Promise<string>((resolve) => {
    const log = logTo((_, line) => /FC/.test(line) && resolve(line));
    void clientFor(t, { servers: [url], credentials: login("half") }, { log });
  });
  assert.match(
    await said,
    /publish \$JS\.FC\.>, so that only the first 2 MB of .+ are read\. Allow/,
  );

  for (const [user, subject] of [
    ["bench-1", "$KV.thingscope_lab_things.bench-2.camera"],
    ["bench-1", "thingscope.lab.bench-2.tell.~"],
    ["bench-1", "thingscope.lab.bench-2.work.spots.tickets"],
    ["viewer", "thingscope.lab.bench-1.tell.~"],
    ["viewer", "$KV.thingscope_lab_things.bench-1.camera"],
    ["viewer", "$JS.API.STREAM.DELETE.KV_thingscope_lab_things"],
    ["viewer", "$JS.API.CONSUMER.DELETE.thingscope_work~lab~bench-1~spots.workers"],
    ["viewer", "$JS.API.CONSUMER.MSG.NEXT.thingscope_work~lab~bench-1~spots.workers"],
    ["viewer", "$JS.API.CONSUMER.CREATE.thingscope_work~lab~bench-1~spots.mine"],
  ] as const)
    await assert.rejects(
      (await connectAs(user)).request(subject, "", { timeout: TEST_MS }),
      /Permissions Violation for Publish/,
      `${user} ${subject}`,
    );
  const read = await client.fetch(`${root}/stage/position`);
  assert.equal(read.status, 200);
  await assert.rejects(
    client.fetch(`${root}/stage/move_relative`, { method: "POST", body: '{"x":1}' }),
    /'bench-1' does not answer by NATS: .*permission/i,
  );
});

/** The printed configuration with the passwords that its variables stand for. */
function permissionsIn(page: string): string {
  const block = blocksOf(page).find(({ text }) => text.startsWith("authorization {"));
  return block!.text
    .replace("$BENCH_1_PASSWORD", '"bench-1"')
    .replace("$VIEWER_PASSWORD", '"viewer"');
}
