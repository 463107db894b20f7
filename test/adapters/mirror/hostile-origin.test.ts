import assert from "node:assert/strict";
import type { RequestListener } from "node:http";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { Type } from "typebox";
import {
  Mirror,
  type MirrorOrigin,
  type OriginThing,
  ServerOrigin,
} from "../../../src/adapters/mirror/index.ts";
import { createToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { Microscope, mirrorOf, origin, program } from "./origins.ts";

const timeout = TEST_MS;

async function tokenIn(folder: string, role: "view" | "operate"): Promise<string> {
  return (await createToken(new AccountsFile(folder), { role, days: 1 })).token;
}

test("who may only watch at a mirror commands nothing at the origin, although the mirror's own login may", {
  timeout,
}, async (t) => {
  const [there, here] = [await temporaryFolder(), await temporaryFolder()];
  const microscope = new Microscope();
  const source = await origin(t, { microscope }, { login: { folder: there } });
  const token = await tokenIn(there, "operate");
  const copy = await mirrorOf(t, source.url, {
    connection: { credentials: { token } },
    pictures: { authorization: `Bearer ${token}` },
    passesCommands: true,
    login: { folder: here },
  });
  const as = (given: string) =>
    ThingClient.connect(`${copy.url}/microscope/`, { credentials: { token: given } });
  const viewer = await as(await tokenIn(here, "view"));
  assert.equal(await viewer.read("gain"), 1);
  await assert.rejects(viewer.write("gain", 5), { status: 403 });
  await assert.rejects(viewer.invoke("move", { x: 3 }), { status: 403 });
  await assert.rejects(as(token), { status: 401 });
  assert.equal(microscope.gain, 1);
  const operator = await as(await tokenIn(here, "operate"));
  await operator.write("gain", 5);
  assert.equal(microscope.gain, 5);
});

test("an event that only operators of the origin are told of is told to no viewer of a mirror", {
  timeout,
}, async (t) => {
  const [there, here] = [await temporaryFolder(), await temporaryFolder()];
  const microscope = new Microscope();
  const secret = {
    name: "secret",
    title: "Secret",
    schema: Type.Number(),
    role: "operate",
  } as const;
  const event = microscope.addEvent(secret);
  const source = await origin(t, { microscope }, { login: { folder: there } });
  const token = await tokenIn(there, "operate");
  const copy = await mirrorOf(t, source.url, {
    connection: { credentials: { token } },
    pictures: { authorization: `Bearer ${token}` },
    login: { folder: here },
  });
  const told = async (role: "view" | "operate") => {
    const headers = { authorization: `Bearer ${await tokenIn(here, role)}` };
    const signal = AbortSignal.timeout(WAIT_MS);
    return await fetch(`${copy.url}/microscope/secret`, {
      headers: { ...headers, accept: "text/event-stream" },
      signal,
    });
  };
  assert.equal((await told("view")).status, 403);
  const answer = await told("operate");
  assert.equal(answer.status, 200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  const telling = setInterval(() => event.emit(7), 20); // until the mirror hears it
  t.after(() => clearInterval(telling));
  for (let text = ""; !/data: ?7/.test(text); ) text += (await reader.read()).value ?? "";
  await reader.cancel();
});

test("what an origin has no longer a mirror has no longer, and its viewers stay", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const extra = { title: "Extra", schema: Type.Number(), read: () => 1 };
  for (const name of ["first", "second"]) microscope.addProperty({ ...extra, name });
  const source = await origin(t, { microscope });
  const copy = await mirrorOf(t, source.url);
  const watcher = new Watcher(copy.port, "/microscope/live");
  await eventually(() => microscope.live.viewers.count === 1);
  const names = () => [...copy.server.host.get("microscope").model.properties.keys()];
  assert.ok(names().includes("first") && names().includes("second"));
  microscope.removeProperty("first");
  microscope.addProperty({ ...extra, name: "third" });
  await eventually(() => !names().includes("first") && names().includes("third"));
  assert.ok(names().includes("second") && names().includes("gain"));
  assert.equal(watcher.closed, false);
  watcher.socket.destroy();
});

test("a login is not sent to another server that a description names for its pictures", {
  timeout,
}, async (t) => {
  const asked: (string | undefined)[] = [];
  const elsewhere = await program(t, ({ headers }, response) => {
    asked.push(headers.authorization);
    response.writeHead(404).end();
  });
  const source = await origin(t, { microscope: new Microscope() });
  const all = await (await fetch(`${source.url}/thing_descriptions/`)).json();
  const { microscope } = all as { microscope: { properties: { live_frame: { forms: object[] } } } };
  const { live_frame } = microscope.properties;
  live_frame.forms = live_frame.forms.map((form) => ({ ...form, href: `${elsewhere}/live` }));
  const told = await program(t, ({ url }, response) => {
    if (url !== "/thing_descriptions/") return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(all));
  });
  const copy = await mirrorOf(t, told, {
    pictures: { authorization: "Bearer secret", login: { username: "a", password: "b" } },
  });
  const watcher = new Watcher(copy.port, "/microscope/live");
  await eventually(() => asked.length > 0);
  assert.deepEqual([...new Set(asked)], [undefined]);
  watcher.socket.destroy();
});

test("an origin that answers with anything else is told of in one sentence, and its Things come when they can be read", {
  timeout,
}, async (t) => {
  const source = await origin(t, { microscope: new Microscope() });
  const large = JSON.stringify({ big: { title: "x".repeat(3_000_000) }, odd: 5 });
  let answer: RequestListener = () => {};
  const url = await program(t, (request, response) => answer(request, response));
  const things = () => new ServerOrigin(url).things(AbortSignal.timeout(WAIT_MS));
  const faults: readonly (readonly [RequestListener, RegExp])[] = [
    [(_, response) => void response.end("garbage"), /did not answer with JSON but with 'garbage'/],
    [(_, response) => void response.writeHead(500).end("<html>"), /500/],
    [(_, response) => void response.end("[".repeat(100_000)), /deeper than 200 levels/],
    [({ url = "" }, response) => void response.writeHead(302, { Location: url }).end(), /reached/],
    [({ socket }) => void socket.destroy(), /cannot be reached/],
    [(_, response) => void response.end("[]"), /does not list Thing Descriptions by name/],
  ];
  for (const [fault, sentence] of faults) {
    answer = fault;
    await assert.rejects(things(), { message: sentence });
  }
  answer = (_, response) => void response.end(large);
  assert.deepEqual(
    (await things()).map(({ name }) => name),
    ["big"],
  );
  answer = ({ url = "" }, response) =>
    void response.writeHead(307, { Location: source.url + url }).end();
  const copy = await mirrorOf(t, url);
  assert.equal(copy.server.host.get("microscope").state, "open");
});

test("of two Things with one name the first is mirrored, and the other is told", {
  timeout,
}, async (t) => {
  const source = await origin(t, { one: new Microscope(), two: new Microscope() });
  const copy = await mirrorOf(t, source.url);
  const all = await (await fetch(`${source.url}/thing_descriptions/`)).json();
  const things = Object.entries(all as Record<string, OriginThing["td"]>).map(([name, td]) => ({
    ...{ name: "a-b-c", td, url: `${source.url}/${name}/` },
  }));
  const twice: MirrorOrigin = {
    connection: {},
    things: async () => things,
    follow: async () => {},
  };
  const mirror = new Mirror(twice, copy.server, {
    ...{ pictures: {}, maxViewers: 10, passesCommands: false, log: copy.log.log },
  });
  t.after(() => mirror.close());
  await mirror.look(AbortSignal.timeout(WAIT_MS));
  await copy.log.line(
    /^'a-b-c at http:.*\/two\/' of the origin is not mirrored: it would have the name of the one at http:.*\/one\//,
    { withinMs: WAIT_MS },
  );
  assert.ok(copy.server.host.things.has("a-b-c"));
});

test("affordances that cannot be mirrored are told of in one line, and the others are there", {
  timeout,
}, async (t) => {
  const source = await origin(t, { microscope: new Microscope() });
  const all = (await (await fetch(`${source.url}/thing_descriptions/`)).json()) as {
    microscope: { properties: Record<string, object> };
  };
  const { properties } = all.microscope;
  for (let n = 0; n < 50; n++) properties[`odd${n}`] = { ...properties.gain, minimum: "x" };
  const url = await program(t, (request, response) => {
    if (request.url !== "/thing_descriptions/") return void response.writeHead(404).end();
    response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(all));
  });
  const copy = await mirrorOf(t, url);
  const told = copy.log.of("warn").filter((line) => JSON.stringify(line).includes("not mirrored"));
  assert.equal(told.length, 1);
  assert.match(JSON.stringify(told), /The property 'odd0' is not mirrored: .* Nor are 49 more\./);
  assert.ok(copy.server.host.get("microscope").model.properties.has("gain"));
});
