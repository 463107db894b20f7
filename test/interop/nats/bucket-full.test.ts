import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { logTo } from "thingscope";
import type { FleetClient } from "thingscope/fleet";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong, needsRoot } from "../../needs.ts";
import { clientFor, memberFor } from "./members.ts";
import { natsOnSmallDisk, sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;

async function eventually(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (const signal = patience(); !(await isSo()); signal.throwIfAborted())
    await new Promise((resolve) => setTimeout(resolve, 50));
}

/** How many Things a server lists. */
async function listedAt(url: string): Promise<number> {
  const things: unknown = await (await fetch(`${url}/directory/things`)).json();
  return (things as unknown[]).length;
}

function has(client: FleetClient, count: number): () => boolean {
  return () => client.things.size === count;
}

test("when the fleet's bucket was removed, its members make it again, and all who follow it see what is new", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const servers = [url];
  const one = await memberFor(t, { servers, name: "one", fleet });
  const two = await memberFor(t, { servers, name: "two", fleet });
  const client = await clientFor(t, { servers, fleet });
  await eventually(has(client, 4));
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  await (await jetstreamManager(connection)).streams.delete(`KV_thingscope_${fleet}_things`);
  const three = await memberFor(t, { servers, name: "three", fleet });
  await eventually(has(client, 6));
  for (const { url: at } of [one, two, three])
    await eventually(async () => (await listedAt(at)) === 6);
});

test("a bucket that met a full disk is made again when there is room, and all who follow it see what is new", {
  timeout,
  ...needsLong(needsRoot("mounts a disk")),
}, async (t) => {
  const { url, store } = await natsOnSmallDisk(t);
  const servers = [url];
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const told = (what: RegExp) => lines.filter((line) => what.test(line)).length;
  const one = await memberFor(t, { servers, name: "one" });
  const client = await clientFor(t, { servers });
  await eventually(has(client, 2));

  const full = join(store, "full");
  await writeFile(full, Buffer.alloc(9e6)).catch(() => {});
  const two = await memberFor(t, { servers, name: "two" }, { log });
  const why = /^JetStream does not keep the fleet's descriptions: timeout\. Check the disk/;
  await eventually(() => why.test(String(two.fleet.health().reason)));
  assert.equal(told(/JetStream does not keep the fleet's descriptions: timeout/), 1);
  const asked = await client.fetch(`${two.url}/stage/position`);
  assert.equal(asked.status, 200, "requests are answered meanwhile");
  assert.equal(client.things.size, 2);

  await rm(full);
  await eventually(has(client, 4));
  for (const { url: at } of [one, two]) await eventually(async () => (await listedAt(at)) === 4);
  assert.equal(told(/the fleet's bucket is made again there/), 1, lines.join("\n"));
  await eventually(() => two.fleet.health().reason === undefined);
  const three = await memberFor(t, { servers, name: "three" });
  await eventually(has(client, 6));
  await eventually(async () => (await listedAt(three.url)) === 6);
});
