import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { type JsonObject, ThingClient, typesOf } from "thingscope/client";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { openLab } from "./instrument.ts";

const STRICT = {
  target: "ES2022",
  module: "NodeNext",
  lib: ["ES2023", "DOM"],
  types: [],
  strict: true,
  noEmit: true,
};

/** What tsc says of a script that stands beside the types of a Thing. */
async function compile(t: TestContext, types: string, script: string): Promise<string> {
  await mkdir(packagePath("dist"), { recursive: true });
  const folder = await mkdtemp(packagePath("dist", "types-")); // in the package: it finds its own name
  t.after(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, "thing.d.ts"), types);
  await writeFile(join(folder, "script.ts"), script);
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: STRICT }));
  const options = { cwd: packagePath() };
  const { stdout } = await promisify(execFile)("npx", ["tsc", "-p", folder], options).catch(
    (error: { stdout: string }) => error,
  );
  return stdout;
}

test("a script is checked against the instrument that runs", { timeout: TEST_MS }, async (t) => {
  await using lab = await openLab();
  const { td } = await ThingClient.connect(lab.url);
  const types = typesOf(td);
  assert.match(types, /^ {4}\/\*\* Exposure time \(ms, at least 0, at most 1000\) \*\/$/m);
  assert.match(types, /^ {4}readonly pitch: number;$/m);
  const said = await compile(
    t,
    types,
    `
    import { ThingClient } from "thingscope/client";
    import type { TestInstrument } from "./thing.d.ts";
    const it = await ThingClient.connect<TestInstrument>("http://127.0.0.1:5000/instrument/");
    const exposure: number = await it.properties.exposure.read();
    const label: string | null = await it.read("label");
    await it.properties.exposure.write(exposure + 1);
    const seen: number[] = await it.actions.scan({ steps: 3 }, { onProgress: (f) => f.toFixed() });
    await it.actions.wait();
    const text: string = await (await it.actions.picture()).text();
    await it.actions.measure({ picture: await it.invoke("picture") });
    for await (const { x } of it.events.moved.subscribe()) x.toFixed();
    for await (const { capturedAt } of it.events.live_new_frame.subscribe()) capturedAt.toFixed();
    // @ts-expect-error: it is a number
    await it.properties.exposure.write("20");
    // @ts-expect-error: it cannot be written
    await it.properties.pitch.write(1);
    // @ts-expect-error: nor by name
    await it.write("pitch", 1);
    // @ts-expect-error: steps are missing
    await it.actions.scan({});
    // @ts-expect-error: an input is missing
    await it.actions.scan();
    // @ts-expect-error: there is no such action
    await it.actions.scna({ steps: 3 });
    // @ts-expect-error: there is no such property
    await it.read("exposur");
    // @ts-expect-error: no such event
    it.events.mooved;
    export { exposure, label, seen, text };
    `,
  );
  assert.equal(said, "");
});

test("any description gives types that compile, whatever its words are", {
  timeout: TEST_MS,
}, async (t) => {
  const forms = [{ href: "x" }];
  const td: JsonObject = {
    title: "3D-Drucker */ export const evil = 1; /*",
    description: "Two\nlines */ let worse = 2; /*",
    properties: {
      "odd-name": { type: "string", description: "*/", enum: ["a", 'b"'], forms },
      choice: { oneOf: [{ type: "number" }, { type: "null" }, {}], forms },
      pair: { type: "array", items: [{ type: "number" }, { type: "string" }], forms },
      triple: { type: "array", items: { type: "integer" }, minItems: 3, maxItems: 3, forms },
      list: { type: "array", items: { oneOf: [{ type: "string" }, { const: 7 }] }, forms },
      free: { type: "object", additionalProperties: { type: "boolean" }, forms },
      nested: {
        type: "object",
        properties: { a: { type: "object", properties: { b: { type: "null" } } } },
        forms,
      },
      fixed: { type: "number", forms: [{ href: "x", op: "readproperty" }] },
      nothing: { forms },
    },
    actions: {
      snap: { forms: [{ href: "x", response: { contentType: "image/jpeg" } }] },
      home: {
        input: { oneOf: [{ type: "object", additionalProperties: false }, { type: "null" }] },
        forms,
      },
    },
  };
  const types = typesOf(td);
  const said = await compile(
    t,
    types,
    `
    import { ThingClient } from "thingscope/client";
    import type { Thing3DDruckerExportConstEvil1 } from "./thing.d.ts";
    const it = await ThingClient.connect<Thing3DDruckerExportConstEvil1>("http://127.0.0.1:5000/");
    await it.properties["odd-name"].write('b"');
    await it.properties.pair.write([1, "x"]);
    await it.properties.triple.write([1, 2, 3]);
    await it.properties.list.write(["x", 7]);
    await it.properties.free.write({ any: true });
    await it.properties.nested.write({ a: {} });
    const bytes = await (await it.actions.snap()).bytes();
    await it.actions.home();
    // @ts-expect-error: two are not three
    await it.properties.triple.write([1, 2]);
    // @ts-expect-error: no form writes it
    await it.properties.fixed.write(1);
    export { bytes };
    `,
  );
  assert.equal(said, "", types);
});
