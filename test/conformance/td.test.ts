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
  links: { href: string }[];
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
      for (const affordance of affordances.flatMap((map) => Object.values(map))) {
        for (const form of affordance.forms) checkForm(form, server, prefix);
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
  "htv:methodName"?: string;
}

function checkForm(form: Form, server: ThingServer, prefix: string): void {
  assert.ok(Array.isArray(form.op) && form.op.length > 0);
  assert.ok(form.href.startsWith(`${prefix}/thing/`), form.href);
  const method = form["htv:methodName"] ?? "GET";
  const found = server.routes.some((route) => route.path === form.href && route.method === method);
  assert.ok(found, `${method} ${form.href} is described, but no route`);
}
