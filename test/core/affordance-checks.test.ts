// What of a class cannot be served is refused when a Thing of it is added, with its sentence, and the rest is served.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Camera, event, property, Thing, ThingError, type ThingEvent, ThingHost } from "thingscope";
import { type TSchema, Type } from "typebox";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { REFUSED } from "./refused-classes.ts";

for (const [name, [thingClass, sentence]] of Object.entries(REFUSED)) {
  test(`a host refuses ${name} with its sentence; kept all the same, the rest is served`, async () => {
    const isIt = (error: unknown) =>
      error instanceof ThingError && error.code === "BAD_ARGUMENT" && sentence.test(error.message);
    assert.throws(() => new ThingHost().add("thing", new thingClass()), isIt);
    const host = new ThingHost();
    const hosted = host.add("thing", new thingClass(), { keepRefused: true });
    assert.match(hosted.model.refusals.join(" "), sentence);
    await host.open();
    assert.equal(hosted.state, "failed");
    assert.equal(await hosted.readProperty("fine"), 1);
    await host.close();
  });
}

test("thingscope check says the same sentences, with the line of each", {
  timeout: TEST_MS,
}, async () => {
  const module = packagePath("dist/test/core/refused-classes.js");
  const all = Object.keys(REFUSED);
  // A sentence of all problems is cut after 4000 characters.
  for (let from = 0; from < all.length; from += 14)
    await checkAll(all.slice(from, from + 14), module);
});

async function checkAll(names: readonly string[], module: string): Promise<void> {
  const classes = names.map(
    (name) => `export class ${name} extends REFUSED.${name}[0] {}
Object.defineProperty(${name}, "name", { value: REFUSED.${name}[0].name });`,
  );
  const folder = await folderWith({
    "classes.mjs": `import { REFUSED } from ${JSON.stringify(module)};\n${classes.join("\n")}\n`,
    "lab.yaml": `things:\n${names.map((name, n) => `  t${n}: ./classes.mjs:${name}\n`).join("")}`,
  });
  const { code, stderr } = await runCli(folder, "check", "lab.yaml");
  const lines = stderr.trim().split("\n");
  assert.equal(code, 2, stderr);
  for (const [n, name] of names.entries()) {
    const said = lines.find((line) => line.startsWith(`lab.yaml:${n + 2}:`)) ?? "";
    assert.match(said, REFUSED[name]![1], `${name}: ${stderr}`);
  }
}

test("what can be seen of one decorator alone is refused when the class is defined", () => {
  const defined = (define: () => unknown) => {
    try {
      define();
      return "nothing is said";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  };
  const noSchema = defined(() => {
    class Mute extends Thing {
      @event("Done", undefined as unknown as TSchema) readonly done!: ThingEvent<unknown>;
    }
    return Mute;
  });
  assert.match(noSchema, /Event 'done' has no schema\./);
  const setOnAccessor = defined(() => {
    class Twice extends Thing {
      @property("Gain", Type.Number(), { set: "setGain" }) accessor gain = 1;
    }
    return Twice;
  });
  assert.match(setOnAccessor, /'gain' is an accessor, which sets itself: 'set' is for a getter\./);
});

test("a camera without a source says so when it is made", () => {
  class Blind extends (Camera as unknown as new () => Thing) {}
  assert.throws(() => new Blind(), /Blind has no source\. Add a method source\(\)/);
});

test("static members that cannot be read are as good as none, and hide no other Thing", async () => {
  class Torn extends Thing {
    static override get title(): string {
      throw new Error("No title.");
    }
    static override get description(): string {
      throw new Error("No description.");
    }
  }
  const host = new ThingHost();
  const { model } = host.add("torn", new Torn());
  assert.deepEqual([model.title, model.description], ["Torn", ""]);
  class Unlisted extends Thing {
    static override get affordances(): never {
      throw new Error("No list.");
    }
  }
  assert.throws(
    () => host.add("unlisted", new Unlisted()),
    /The affordances of Unlisted cannot be read: No list\./,
  );
});
