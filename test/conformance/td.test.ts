import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Thing, ThingHost, ThingServer } from "thingscope";
import * as things from "thingscope/things";
import { tdFaults } from "./td-schema.ts";

type ThingClass = new (options: Record<string, unknown>) => Thing;

/** Enough to make one of each. None is opened, so nothing need be there. */
const OPTIONS: Record<string, Record<string, unknown>> = {
  PipelineCamera: { pipeline: "videotestsrc ! fakesink" },
  RemoteCamera: { url: "http://127.0.0.1:1/stream" },
};

const classes = Object.entries<unknown>(things).filter((entry): entry is [string, ThingClass] =>
  isThingClass(entry[1]),
);

function isThingClass(value: unknown): value is ThingClass {
  return typeof value === "function" && value.prototype instanceof Thing;
}

interface Description {
  properties: Record<string, { forms: Form[] }>;
  actions: Record<string, { forms: Form[] }>;
  events: Record<string, { forms: Form[] }>;
  links: { href: string }[];
}

async function descriptionOf(name: string, thingClass: ThingClass, prefix: string) {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("thing", new thingClass(OPTIONS[name] ?? {}));
  const server = new ThingServer(host, { apiPrefix: prefix });
  const { url } = await server.listen({ port: 0 });
  const response = await fetch(`${url}${prefix}/thing/`);
  const description = (await response.json()) as Description;
  await server.close();
  return { description, server };
}

test("there are Things to check", () => {
  assert.ok(classes.length >= 4, classes.map(([name]) => name).join());
});

for (const [name, thingClass] of classes) {
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
