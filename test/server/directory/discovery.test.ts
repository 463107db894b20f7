import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { tdFaults, tmFaults } from "../../conformance/td-schema.ts";
import { thingClasses, thingOf } from "../../conformance/thing-classes.ts";
import { TEST_MS } from "../../limits.ts";
import { microscopeFor } from "../demo-server.ts";
import { ask } from "../requests.ts";

class Fragile extends Thing {
  broken = true;
  override open(): void {
    if (this.broken) throw new Error("Its cable is loose.");
  }
}

async function fragileFor(test: TestContext) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const fragile = new Fragile();
  host.add("fragile", fragile);
  const server = new ThingServer(host, { apiPrefix: "/api" });
  test.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  return { host, server, fragile, url: `${url}/api` };
}

/** The messages of an event stream, as they come. */
async function* messagesOf(response: Response): AsyncGenerator<Record<string, string>> {
  let text = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const messages = text.split("\n\n");
    text = messages.pop() ?? "";
    for (const message of messages) {
      const lines = message.split("\n").filter((line) => !line.startsWith(":"));
      if (lines.length > 0)
        yield Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2)));
    }
  }
}

const bodyOf = async (response: Response) => JSON.parse(await response.text());
const json = async (url: string | URL) => bodyOf(await fetch(url));

test("/.well-known/wot is the directory's description, for GET and HEAD alike", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, port } = await microscopeFor(t);
  const got = await ask(port, { path: "/.well-known/wot" });
  const headed = await ask(port, { path: "/.well-known/wot", method: "HEAD" });
  assert.equal(got.status, 200);
  assert.equal(got.headers["content-type"], "application/td+json");
  assert.equal(headed.status, 200);
  for (const name of ["content-type", "content-length", "etag"])
    assert.equal(headed.headers[name], got.headers[name]);
  const td = JSON.parse(got.text);
  assert.deepEqual(tdFaults(td), []);
  assert.deepEqual(td["@type"], ["ThingDirectory"]);
  const [form] = td.properties.things.forms;
  const href = new URL(form.href.replace(/\{.*/, ""), td.base);
  assert.equal((await json(href.href)).length, 3);
  assert.deepEqual(await json(`${url}/directory/`), td);
});

test("the directory lists valid descriptions by id, in pages, and one of them", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await microscopeFor(t, { apiPrefix: "/api/v3" });
  const base = `${url}/api/v3/directory/things`;
  const response = await fetch(base);
  assert.equal(response.headers.get("content-type"), "application/ld+json");
  const all = await bodyOf(response);
  for (const td of all) {
    assert.deepEqual(tdFaults(td), []);
    assert.ok(td["@context"].includes("https://www.w3.org/2022/wot/discovery"));
    assert.match(td.registration.created, /^\d{4}-.*Z$/);
    assert.deepEqual(await json(`${base}/${encodeURIComponent(td.id)}`), td);
  }
  const ids = all.map(({ id }: { id: string }) => id);
  assert.deepEqual(ids, [...ids].sort());

  const first = await fetch(`${base}?limit=2`);
  const [, next] = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "") ?? [];
  const canonical = /<[^>]+>; rel="canonical"; etag="[^"]+"/;
  assert.equal((await bodyOf(first)).length, 2);
  const second = await fetch(next!);
  assert.deepEqual(await bodyOf(second), all.slice(2));
  assert.doesNotMatch(second.headers.get("link") ?? "", /rel="next"/);
  assert.deepEqual(
    canonical.exec(second.headers.get("link") ?? "")?.[0],
    canonical.exec(first.headers.get("link") ?? "")?.[0],
  );
  const { members, total, ...page } = await json(`${base}?format=collection&limit=1&offset=1`);
  assert.deepEqual([members, total], [[all[1]], 3]);
  assert.equal(page["@type"], "ThingCollection");
  assert.deepEqual((await json(page.next)).members, [all[2]]);
});

test("the directory refuses what it does not support, and says what it wants", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await microscopeFor(t);
  const refusals = [
    ["/directory/things?limit=0", 400, /limit=0 is not valid: give an integer from 1/],
    ["/directory/things?offset=-1", 400, /an integer from 0/],
    ["/directory/things?format=xml", 400, /'array' or 'collection'/],
    ["/directory/things?sort_by=title", 501, /does not support 'sort_by'/],
    ["/directory/things/urn:uuid:0", 404, /no Thing with the id/],
    ["/directory/events?diff=true", 501, /does not support 'diff'/],
    ["/directory/events/thing_painted", 404, /has nothing at/],
    ["/directory/search/jsonpath?query=$", 404, /has nothing at/],
  ] as const;
  for (const [path, status, sentence] of refusals) {
    const response = await fetch(url + path);
    const { detail } = await bodyOf(response);
    assert.equal(response.status, status, path);
    assert.match(detail, sentence);
  }
  const created = await fetch(`${url}/directory/things`, { method: "POST", body: "{}" });
  assert.equal(created.status, 405);
  assert.equal(created.headers.get("allow"), "GET, HEAD, OPTIONS");
  await created.body?.cancel();
});

test("who watches the directory is told of a Thing that opens after all, and of what was missed", {
  timeout: TEST_MS,
}, async (t) => {
  const { host, fragile, url } = await fragileFor(t);
  const watching = await fetch(`${url}/directory/events`);
  assert.equal(watching.headers.get("content-type"), "text/event-stream");
  const told = messagesOf(watching);
  fragile.broken = false;
  await host.openThing("fragile");
  const [{ id }] = await json(`${url}/directory/things`);
  const { value: updated } = await told.next();
  assert.deepEqual(updated, {
    event: "thing_updated",
    id: updated?.id,
    data: JSON.stringify({ id }),
  });
  await told.return(undefined);

  const everything = messagesOf(
    await fetch(`${url}/directory/events`, { headers: { "Last-Event-ID": "of-another-run" } }),
  );
  const replayed = [];
  for (let n = 0; n < 3; n++) replayed.push((await everything.next()).value);
  assert.deepEqual(
    replayed.map((message) => message?.event),
    ["thing_created", "thing_updated", "thing_updated"],
  );
  assert.deepEqual(replayed[2], updated);
  await everything.return(undefined);

  const created = await fetch(`${url}/directory/events/thing_updated`, {
    headers: { "Last-Event-ID": replayed[1]!.id! },
  });
  const missed = messagesOf(created);
  assert.deepEqual((await missed.next()).value, updated);
  await missed.return(undefined);
});

test("a description that a client has already is not sent again", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, url } = await microscopeFor(t);
  const paths = ["/camera/", "/.well-known/wot", "/directory/things", "/thing_models/Autofocus"];
  for (const path of paths) {
    const first = await fetch(url + path);
    const etag = first.headers.get("etag") ?? "";
    assert.match(etag, /^"[\w-]{27}-gzip"$/, path);
    assert.equal(first.headers.get("cache-control"), "no-cache");
    await first.body?.cancel();
    const again = await fetch(url + path, { headers: { "If-None-Match": `"x", W/${etag}` } });
    assert.equal(again.status, 304);
    assert.equal(await again.text(), "");
    assert.equal(again.headers.get("etag"), etag);
    const other = await fetch(url + path, { headers: { "If-None-Match": '"x"' } });
    assert.equal(other.status, 200);
    await other.body?.cancel();
  }
  assert.equal(server.host.get("camera").state, "open");
});

test("every class of thingscope/things has a valid Thing Model, without addresses", async () => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (const [name, thingClass] of thingClasses) host.add(name, thingOf(name, thingClass));
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  try {
    for (const [name] of thingClasses) {
      const td = await json(`${url}/${name}/`);
      assert.deepEqual(tdFaults(td), [], name);
      const { href, type } = td.links.find(({ rel }: { rel: string }) => rel === "type");
      assert.equal(type, "application/tm+json");
      const model = await fetch(new URL(href, td.base));
      assert.equal(model.headers.get("content-type"), "application/tm+json");
      const description = await bodyOf(model);
      assert.deepEqual(tmFaults(description), [], name);
      assert.doesNotMatch(JSON.stringify(description), /"forms":|"base":|http:/);
      for (const kind of ["properties", "actions", "events"])
        assert.deepEqual(Object.keys(description[kind]), Object.keys(td[kind]));
    }
    assert.equal(Object.keys(await json(`${url}/thing_models/`)).length, thingClasses.length);
  } finally {
    await server.close();
  }
});

test("two classes of one name have a model each", async () => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const other = class Fragile extends Thing {};
  host.add("one", new Fragile());
  host.add("two", new other());
  host.add("three", new Fragile());
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  const typeOf = async (name: string) =>
    (await json(`${url}/${name}/`)).links.find(({ rel }: { rel: string }) => rel === "type").href;
  const types = await Promise.all(["one", "two", "three"].map(typeOf));
  await server.close();
  assert.deepEqual(types, [
    "/thing_models/Fragile",
    "/thing_models/Fragile-2",
    "/thing_models/Fragile",
  ]);
});

test("/.well-known/core links to the descriptions, and can be filtered", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await microscopeFor(t);
  const response = await fetch(`${url}/.well-known/core`);
  assert.equal(response.headers.get("content-type"), "application/link-format");
  const links = (await response.text()).split(",");
  assert.equal(links[0], '</.well-known/wot>;rt="wot.directory";ct=432');
  assert.match(links[1]!, /^<\/camera\/>;rt="wot\.thing";ct=432;title=".+"$/);
  assert.equal(links.length, 4);
  const filtered = await fetch(`${url}/.well-known/core?rt=wot.th*&href=/stage/`);
  assert.match(await filtered.text(), /^<\/stage\/>[^,]+$/);
});

test("a Thing that comes under the name of one that has left is another one", {
  timeout: TEST_MS,
}, async (t) => {
  const { host, server, url } = await fragileFor(t);
  const add = async () => {
    host.add("fragile", new Fragile());
    await server.thingsChanged();
  };
  const registration = async () => (await json(`${url}/directory/things`))[0]?.registration;
  const first = await registration();
  await host.exchange(["fragile"], () => server.thingsChanged());
  assert.equal(await registration(), undefined);
  await new Promise((resolve) => setTimeout(resolve, 5)); // its clock counts milliseconds
  await host.exchange([], add);
  const second = await registration();
  assert.ok(second.created > first.modified, `${first.modified} ${second.created}`);
  assert.ok(second.modified >= second.created);
});
