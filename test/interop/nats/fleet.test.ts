import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connect } from "@nats-io/transport-node";
import { logTo } from "thingscope";
import { ThingClient } from "thingscope/client";
import type { TestCamera } from "thingscope/things";
import { patience, TEST_MS } from "../../limits.ts";
import { clientFor, memberFor, until } from "./members.ts";
import { natsServerFor, sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;

/** A member with a camera and a stage, and a client that knows them. */
async function fleetOfOne(t: TestContext) {
  const { url, fleet } = await sharedNats();
  const { server, url: root } = await memberFor(t, { servers: [url], name: "one", fleet });
  const client = await clientFor(t, { servers: [url], fleet });
  await until(
    () => client.things.size === 2,
    (listener) => client.onChange(listener),
  );
  return { server, root, client, url, fleet };
}

/** Where the Things are that a server lists. */
async function basesAt(url: string): Promise<string[]> {
  const response = await fetch(`${url}/directory/things`);
  const things = (await response.json()) as { base: string }[];
  return things.map(({ base }) => base).sort();
}

test("each server of a fleet lists the Things of all, until their server has left", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const one = await memberFor(t, { servers: [url], name: "one", fleet });
  const two = await memberFor(t, { servers: [url], name: "two", fleet });
  const { roster } = one.fleet;
  await until(
    () => roster.descriptions.size === 2,
    (listener) => roster.onChange(listener),
  );
  const both = [one, one, two, two].map(({ url }) => `${url}/`);
  assert.deepEqual(await basesAt(one.url), both.sort());
  await two.server.close();
  await until(
    () => roster.descriptions.size === 0,
    (listener) => roster.onChange(listener),
  );
  assert.deepEqual(await basesAt(one.url), [`${one.url}/`, `${one.url}/`]);
});

test("a request by NATS has the answer that it has over HTTP", { timeout }, async (t) => {
  const { root, client } = await fleetOfOne(t);
  for (const [method, path, body] of [
    ["GET", "/stage/position"],
    ["GET", "/stage/"],
    ["GET", "/stage/nothing"],
    ["GET", "/"],
    ["PUT", "/stage/position", '{"x":1}'],
    ["PUT", "/stage/backlash_steps", '"many"'],
    ["PUT", "/stage/backlash_steps", '{"x":1,"y":2,"z":3}'],
    ["PUT", "/stage/backlash_steps", "{"],
    ["POST", "/stage/move_relative", '{"x":"far"}'],
    ["GET", "/stage/backlash_steps?limit=1"],
    ["DELETE", "/action_invocations/none"],
    ["POST", "/accounts", "{}"],
  ] as const) {
    const headers = { Accept: "application/json", "Content-Type": "application/json" };
    const request = { method, headers, ...(body !== undefined && { body }) };
    const [byNats, byHttp] = [
      await client.fetch(root + path, request),
      await fetch(root + path, request),
    ];
    const what = `${method} ${path} ${body ?? ""}`;
    assert.equal(byNats.status, byHttp.status, what);
    assert.equal(await byNats.text(), await byHttp.text(), what);
    assert.equal(byNats.headers.get("content-type"), byHttp.headers.get("content-type"), what);
  }
});

test("a ThingClient operates a Thing by NATS alone", { timeout }, async (t) => {
  const { root, client: fleet } = await fleetOfOne(t);
  const stage = await ThingClient.connect(`${root}/stage/`, { fetch: fleet.fetch });
  await stage.invoke("move_relative", { x: 12 });
  assert.deepEqual(await stage.read("position"), { x: 12, y: 0, z: 0 });
});

test("a description has a form of NATS behind each of one HTTP request, which is answered", {
  timeout,
}, async (t) => {
  const { root, url, fleet } = await fleetOfOne(t);
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const description = Object(await (await fetch(`${root}/stage/`)).json());
  const { forms } = description.properties.position;
  const hrefs = forms.map(({ href }: { href: string }) => href);
  const at = hrefs.indexOf("/stage/position");
  assert.deepEqual(hrefs[at + 1], `${url}/thingscope.${fleet}.one.view.GET.stage.position`);
  assert.deepEqual(forms[at + 1].security, ["nats_sc"]);
  const answer = await connection.request(new URL(hrefs[at + 1]).pathname.slice(1));
  assert.deepEqual(answer.json(), { x: 0, y: 0, z: 0 });
  const stream = JSON.stringify(description).match(/"nats:[^"]*mjpeg/);
  assert.equal(stream, null, "a stream is read over HTTP");
});

test("the subject says what its client may do", { timeout }, async (t) => {
  const { url, fleet } = await fleetOfOne(t);
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const ask = async (subject: string, body = "") => {
    const { headers, data } = await connection.request(`thingscope.${fleet}.one.${subject}`, body);
    return [Number(headers?.get("Status")), new TextDecoder().decode(data)] as const;
  };
  const [refused, why] = await ask("view.POST.stage.move_relative", '{"x":1}');
  assert.equal(refused, 403);
  assert.match(why, /a client of the fleet with the role view/);
  const [started] = await ask("operate.POST.stage.move_relative", '{"x":1}');
  assert.equal(started, 201);
  const [read] = await ask("view.GET.stage.position");
  assert.equal(read, 200);
  const [nothing, sentence] = await ask("view.nonsense");
  assert.equal(nothing, 400);
  assert.match(sentence, /names no request/);
});

test("a stream that is asked for by NATS is refused at once, and has no viewer then", {
  timeout,
}, async (t) => {
  const { server, root, client } = await fleetOfOne(t);
  const { mjpeg_stream: stream } = server.host.get("camera").thing as TestCamera;
  const camera = await clientStream(root);
  for (const path of ["", "?fps=5"]) {
    const answer = await client.fetch(`${root}/camera/mjpeg_stream${path}`);
    assert.equal(answer.status, 501);
    assert.match(await answer.text(), /is a stream, which has no end: read it over HTTP/);
  }
  assert.equal(stream.stats.viewers, 1, "only the one over HTTP");
  await camera.cancel();
});

/** One viewer over HTTP, so that the stream runs. */
async function clientStream(root: string): Promise<ReadableStream<Uint8Array>> {
  const { body } = await fetch(`${root}/camera/mjpeg_stream`);
  return body!;
}

test("a member is described, and answers, at the address that it is configured to have", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const named = { servers: [url], name: "one", fleet, url: "http://bench-1.lab:5000" };
  await memberFor(t, named);
  const client = await clientFor(t, { servers: [url], fleet });
  await until(
    () => client.things.size === 2,
    (listener) => client.onChange(listener),
  );
  const answer = await client.fetch("http://bench-1.lab:5000/stage/position");
  assert.equal(answer.status, 200);
});

test("a member tells new values and events", { timeout }, async (t) => {
  const { server, url, fleet } = await fleetOfOne(t);
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  const told = connection.subscribe(`thingscope.${fleet}.one.tell.stage.properties.position`);
  await connection.flush();
  await server.host.get("stage").invoke("move_relative", { x: 3, y: 0, z: 0 }).ended;
  for await (const message of told) {
    if (message.json<{ x: number }>().x === 3) break;
  }
});

test("while NATS is away everything local goes on, and the fleet comes back with it", {
  timeout,
}, async (t) => {
  const nats = await natsServerFor(t);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const one = await memberFor(t, { servers: [nats.url], name: "one" }, { log });
  await memberFor(t, { servers: [nats.url], name: "two" });
  const { roster } = one.fleet;
  await until(
    () => roster.present.length === 1,
    (listener) => roster.onChange(listener),
  );
  const client = await clientFor(t, { servers: [nats.url] });
  await until(
    () => client.members.length === 2,
    (listener) => client.onChange(listener),
  );
  const position = () => client.fetch(`${one.url}/stage/position`);
  await nats.kill();
  const response = await fetch(`${one.url}/stage/position`);
  assert.equal(response.status, 200);
  assert.equal(roster.present.length, 1, "nobody knows that it has gone");
  const lost = patience();
  const said = () => lines.find((line) => line.includes("The fleet is not reached"));
  while (!said()) {
    lost.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.match(
    said()!,
    /not reached: The connection to NATS was (closed|lost \([^)]+\)), and is made again\. Everything local goes on\./,
  );
  assert.equal(client.members.length, 2, "nobody knows whether they have gone");
  await assert.rejects(position(), {
    name: "TypeError",
    message: /NATS .*Try it again\.$/,
  });
  await nats.restart();
  const signal = patience();
  while ((await position().catch(() => undefined))?.status !== 200) signal.throwIfAborted();
  await until(
    () => client.members.length === 2,
    (listener) => client.onChange(listener),
  );
});

test("a name that another server has is refused, and said", { timeout }, async (t) => {
  const { root, url, fleet } = await fleetOfOne(t);
  const other = await memberFor(t, { servers: [url], name: "one", fleet }, { joins: false });
  const signal = patience();
  while (other.fleet.status.reason === undefined) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.match(
    other.fleet.status.reason,
    new RegExp(`already has a server 'one', at ${root}. Give this one another 'name'`),
  );
});
