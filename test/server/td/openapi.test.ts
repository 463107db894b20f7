import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { action, property, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../../limits.ts";
import { recorderFor } from "../../things/recorder-server.ts";
import { laboratory } from "../cameras.ts";
import { microscopeFor, watchedMicroscopeFor } from "../demo-server.ts";
import { openApiFaults, schemaCompiler } from "../openapi-faults.ts";

async function documentAt(url: string) {
  return JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
}

async function serverOf(test: TestContext, thing: Thing): Promise<string> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("thing", thing);
  const server = new ThingServer(host);
  test.after(() => server.close());
  return (await server.listen({ port: 0 })).url;
}

test("the document has every route of the table and no other, and keeps the rules of OpenAPI 3.1", {
  timeout: TEST_MS,
}, async (t) => {
  for (const apiPrefix of ["", "/api/v3"]) {
    for (const { server, url } of [
      await microscopeFor(t, { apiPrefix }),
      await laboratory(t, { apiPrefix }),
      await recorderFor(t, {}, { apiPrefix }),
    ]) {
      const document = await documentAt(url);
      assert.deepEqual(openApiFaults(document), []);
      const described = Object.entries<object>(document.paths).flatMap(([path, item]) =>
        Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
      );
      const served = server.routes.map(
        ({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`,
      );
      assert.deepEqual(described.sort(), [...new Set(served)].sort()); // rows that differ in type
    }
  }
});

test("every route tells its role, and what goes wrong is a problem", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, url } = await laboratory(t);
  const { paths, security } = await documentAt(url);
  assert.deepEqual(security, []);
  for (const { method, path, role } of server.routes) {
    const operation = paths[path.replace(/:(\w+)/g, "{$1}")][method.toLowerCase()];
    assert.equal(operation["x-role"], role);
    for (const status of ["500", "default"])
      assert.deepEqual(operation.responses[status], { $ref: "#/components/responses/Problem" });
  }
});

test("what GET answers is what the document says", { timeout: TEST_MS }, async (t) => {
  const { url } = await watchedMicroscopeFor(t);
  const document = await documentAt(url);
  const compile = schemaCompiler(document);
  let checked = 0;
  for (const [path, { get }] of Object.entries<Record<string, never>>(document.paths)) {
    const { responses } = Object(get);
    const [type, content] =
      Object.entries<{ schema?: unknown }>(responses?.[200]?.content ?? {})[0] ?? [];
    if (!type || !content?.schema || /\{|\/next$/.test(path)) continue; // the latter wait
    const response = await fetch(url + path);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text.slice(0, 300)}`);
    assert.equal(response.headers.get("content-type"), type, path);
    const body = JSON.parse(text);
    assert.deepEqual(compile(content.schema)(body), [], path);
    checked += 1;
  }
  assert.ok(checked > 30, String(checked));
});

test("an invocation, a list of them and a problem are what the document says", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await microscopeFor(t);
  const document = await documentAt(url);
  const faultsIn = (path: string, method: string, status: string, body: unknown) => {
    const answer = document.paths[path][method].responses[status];
    const { content } = answer.$ref ? document.components.responses.Problem : answer;
    const [{ schema }] = Object.values<{ schema: unknown }>(content) as [{ schema: unknown }];
    return schemaCompiler(document)(schema)(body);
  };
  const bodyOf = async (response: Response) => JSON.parse(await response.text());
  const path = "/stage/get_xyz_position";
  const invoked = await bodyOf(await fetch(url + path, { method: "POST" }));
  assert.deepEqual(faultsIn(path, "post", "201", invoked), []);
  const asked = await bodyOf(await fetch(invoked.href));
  assert.deepEqual(faultsIn("/action_invocations/{id}", "get", "200", asked), []);
  const list = await bodyOf(await fetch(url + path));
  assert.equal(list.length, 1);
  assert.deepEqual(faultsIn(path, "get", "200", list), []);
  const refused = await bodyOf(
    await fetch(`${url}/camera/settling_time`, {
      method: "PUT",
      headers: { "Content-Type": "application/json" },
      body: '"long"',
    }),
  );
  assert.equal(refused.status, 422);
  assert.deepEqual(faultsIn("/camera/settling_time", "put", "422", refused), []);
});

test("names that look alike have operations of their own; tuples are written as OpenAPI has them", {
  timeout: TEST_MS,
}, async (t) => {
  class Alike extends Thing {
    @property("Twice", Type.Tuple([Type.Integer(), Type.Optional(Type.String())]))
    accessor a_b: [number, string?] = [1];
    @property("Nearly twice", Type.Array(Type.Tuple([Type.Integer()])), { name: "a-b" })
    accessor other: [number][] = [];
    @action("Reset it all", { name: "a_b_reset" }) async all(): Promise<void> {}
  }
  const document = await documentAt(await serverOf(t, new Alike()));
  assert.deepEqual(openApiFaults(document), []);
  const schemaAt = (path: string) =>
    document.paths[path].get.responses[200].content["application/json"].schema;
  assert.deepEqual(schemaAt("/thing/a_b").prefixItems, [{ type: "integer" }, { type: "string" }]);
  assert.deepEqual(schemaAt("/thing/a-b").items.prefixItems, [{ type: "integer" }]);
});
