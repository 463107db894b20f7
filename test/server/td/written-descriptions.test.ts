import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { property, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { TEST_MS } from "../../limits.ts";
import { type Answer, ask } from "../requests.ts";
import { bearer, ROLES, secured } from "../secured.ts";

class Axis extends Thing {
  @property("Where it is", Type.Number({ unit: "um" })) accessor position = 0;
}

class Lamp extends Thing {
  @property("How bright it is", Type.Number()) accessor brightness = 0;
}

async function axes(test: TestContext, count: number) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (let n = 0; n < count; n++) host.add(`axis${n}`, new Axis());
  const server = new ThingServer(host);
  test.after(() => server.close());
  return { host, server, ...(await server.listen({ port: 0 })) };
}

const LIST = "/thing_descriptions/";

function basesIn({ text }: Answer): string[] {
  const descriptions: { base: string }[] = Object.values(JSON.parse(text));
  return [...new Set(descriptions.map(({ base }) => base))];
}

test("descriptions are the same bytes with one tag until Things change, and then others at once", {
  timeout: TEST_MS,
}, async (t) => {
  const { host, server, port } = await axes(t, 3);
  const [first, again] = [await ask(port, { path: LIST }), await ask(port, { path: LIST })];
  assert.equal(again.text, first.text);
  assert.equal(again.headers.etag, first.headers.etag);
  const known = { "If-None-Match": String(first.headers.etag) };
  assert.equal((await ask(port, { path: LIST, headers: known })).status, 304);
  const head = await ask(port, { method: "HEAD", path: LIST });
  assert.deepEqual([head.text, head.headers.etag], ["", first.headers.etag]);
  const one = JSON.parse((await ask(port, { path: "/axis0/" })).text);
  assert.deepEqual(one, JSON.parse(first.text).axis0);

  host.add("lamp", new Lamp());
  await server.thingsChanged();
  const more = await ask(port, { path: LIST, headers: known });
  assert.equal(more.status, 200);
  assert.deepEqual(Object.keys(JSON.parse(more.text)), ["axis0", "axis1", "axis2", "lamp"]);
  const read = async () => JSON.parse((await ask(port, { path: "/lamp/" })).text);
  assert.deepEqual(Object.keys((await read()).properties), ["brightness"]);

  await host.exchange(["lamp"], async () => void host.add("lamp", new Axis()));
  await server.thingsChanged();
  assert.deepEqual(Object.keys((await read()).properties), ["position"]);
  const later = JSON.parse((await ask(port, { path: LIST })).text);
  assert.deepEqual(later.lamp, await read());
});

test("the directory's list is the same bytes until a Thing changes its state, in all of its pages", {
  timeout: TEST_MS,
}, async (t) => {
  const { host, port } = await axes(t, 3);
  const path = "/directory/things";
  const first = await ask(port, { path });
  const again = await ask(port, { path });
  assert.deepEqual([again.text, again.headers.link], [first.text, first.headers.link]);
  const all: { id: string; registration: { modified: string } }[] = JSON.parse(first.text);
  const second = await ask(port, { path: `${path}?offset=1&limit=1` });
  assert.deepEqual(JSON.parse(second.text), [all[1]]);
  assert.match(String(second.headers.link), /offset=2&limit=1>; rel="next"/);
  const [canonical] = /etag="[^"]+"/.exec(String(first.headers.link)) ?? [];
  assert.ok(String(second.headers.link).endsWith(String(canonical)), "of the whole list");
  const past = await ask(port, { path: `${path}?offset=7&format=collection` });
  const { members, total } = JSON.parse(past.text);
  assert.deepEqual([members, total, past.headers.link], [[], 3, first.headers.link]);
  await host.exchange(["axis1"], async () => void host.add("axis1", new Axis()));
  const changed: typeof all = JSON.parse((await ask(port, { path })).text);
  const modified = (list: typeof all) => list.map(({ registration }) => registration.modified);
  assert.notDeepEqual(modified(changed), modified(all));
});

test("each way to address a server has descriptions of its own", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await axes(t, 2);
  const ways: [headers: Record<string, string>, base: string][] = [
    [{}, `http://127.0.0.1:${port}/`],
    [{ Host: `localhost:${port}` }, `http://localhost:${port}/`],
    [{ Host: `localhost:${port}`, "X-Forwarded-Proto": "https" }, `https://localhost:${port}/`],
    [
      { Host: `localhost:${port}`, "X-Forwarded-Prefix": "/scope" },
      `http://localhost:${port}/scope/`,
    ],
  ];
  for (let round = 0; round < 2; round++) {
    for (const [headers, base] of ways) {
      assert.deepEqual(basesIn(await ask(port, { path: LIST, headers })), [base]);
      const one = JSON.parse((await ask(port, { path: "/axis1/", headers })).text);
      assert.equal(one.base, base);
    }
  }
});

test("every role is answered with what it was before anything was kept, and nobody without a login", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tokens } = await secured(t);
  for (const path of [LIST, "/camera/"]) {
    const texts = new Set<string>();
    for (const role of ROLES) {
      const answer = await ask(port, { path, headers: bearer(tokens[role]) });
      assert.equal(answer.status, 200);
      texts.add(answer.text);
    }
    assert.equal(texts.size, 1);
    assert.equal((await ask(port, { path })).status, 401);
  }
});

test("a client that gives many hosts takes no more than the room for descriptions", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await axes(t, 40);
  const hits = () => limitHits().get("written_descriptions") ?? 0;
  const [{ length }, before] = [(await ask(port, { path: LIST })).text, hits()];
  const most = 8 * 2 ** 20;
  const hosts = Math.ceil(most / length) + 3;
  for (let n = 1; n <= hosts; n++) {
    const host = `10.0.${n >> 8}.${n & 255}`;
    const answer = await ask(port, { path: LIST, headers: { Host: host } });
    assert.deepEqual(basesIn(answer), [`http://${host}/`]);
  }
  assert.ok(hits() > before, "the oldest made room");
});
