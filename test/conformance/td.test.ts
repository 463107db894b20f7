import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { tdFaults } from "./td-schema.ts";
import { type ThingClass, thingClasses, thingOf } from "./thing-classes.ts";

interface Description {
  properties: Record<string, { forms: Form[] }>;
  actions: Record<string, { forms: Form[] }>;
  events: Record<string, { forms: Form[] }>;
  forms: Form[];
  links: { href: string }[];
  schemaDefinitions: Record<string, unknown>;
}

async function descriptionOf(name: string, thingClass: ThingClass, prefix: string) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("thing", thingOf(name, thingClass));
  const server = new ThingServer(host, { apiPrefix: prefix });
  const { url } = await server.listen({ port: 0 });
  const response = await fetch(`${url}${prefix}/thing/`);
  const description = (await response.json()) as Description;
  await server.close();
  return { description, server };
}

test("there are Things to check", () => {
  assert.ok(thingClasses.length >= 4, thingClasses.map(([name]) => name).join());
});

for (const [name, thingClass] of thingClasses) {
  test(`the Thing Description of ${name} is valid, and each of its forms is a route`, async () => {
    for (const prefix of ["", "/api/v3"]) {
      const { description, server } = await descriptionOf(name, thingClass, prefix);
      assert.deepEqual(tdFaults(description), []);
      const affordances = [description.properties, description.actions, description.events];
      for (const { forms } of [description, ...affordances.flatMap((map) => Object.values(map))]) {
        for (const form of forms) checkForm(form, server, description);
      }
      for (const { href } of description.links) {
        assert.ok(
          server.routes.some(({ path }) => path === href),
          href,
        );
      }
    }
  });
}

interface Form {
  href: string;
  op: string[];
  subprotocol?: string;
  "htv:methodName"?: string;
  additionalResponses: { success: boolean; contentType: string; schema: string }[];
}

function checkForm(form: Form, server: ThingServer, { schemaDefinitions }: Description): void {
  assert.ok(Array.isArray(form.op) && form.op.length > 0);
  if (form.subprotocol === "webthingprotocol") {
    const { protocol, pathname } = new URL(form.href);
    assert.equal(protocol, "ws:");
    assert.ok(
      server.routes.some(({ path, response }) => path === pathname && response.status === 101),
    );
    return;
  }
  const method = form["htv:methodName"] ?? "GET";
  const path = form.href.replace(/\{\?.*\}$/, "").replace(/\{(\w+)\}/g, ":$1");
  const found = server.routes.some((route) => route.path === path && route.method === method);
  assert.ok(found, `${method} ${form.href} is described, but no route`);
  for (const { success, contentType, schema } of form.additionalResponses) {
    assert.ok(Object.hasOwn(schemaDefinitions, schema), schema);
    assert.equal(contentType, success ? "application/json" : "application/problem+json");
  }
  assert.ok(
    form.additionalResponses.some(({ success }) => !success),
    form.href,
  );
}
