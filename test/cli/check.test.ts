import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli } from "./run-cli.ts";

const LAMP = `
import { slot, Thing } from "thingscope";
export class Lamp extends Thing {
  constructor({ watts = 1 }: { watts?: number } = {}) {
    super();
    if (watts > 99) throw new Error("A lamp has 99 W at most.");
  }
  override open() {
    throw new Error("check opens nothing");
  }
}
export class Panel extends Thing {
  @slot("The lamp", Lamp) accessor lamp!: Lamp;
}
export const notAThing = 5;
`;

async function check(yaml: string, files: Record<string, string> = {}) {
  const folder = await folderWith({ "lamp.ts": LAMP, "lab.yaml": yaml, ...files });
  const { code, stdout, stderr } = await runCli(folder, "check", "lab.yaml");
  return { code, stdout, problems: stderr.replaceAll(folder, "FOLDER").trim().split("\n") };
}

test("a configuration that can be served is OK, and nothing is opened", {
  timeout: TEST_MS,
}, async () => {
  const { code, stdout } = await check("things:\n  lamp: lamp:Lamp\n  panel: lamp.ts:Panel\n");
  assert.deepEqual([code, stdout], [0, "lab.yaml: OK: lamp (Lamp), panel (Panel)\n"]);
});

test("classes that cannot be loaded are told with line and reason, and end with 3", {
  timeout: TEST_MS,
}, async () => {
  const { code, problems } = await check(
    `things:
  a: lamp:Lmap
  b: ./lmap.ts:Lamp
  c: lmap:Lamp
  d: lamp:notAThing
  e: syntax.ts:E
  f: thrower.ts:F
  g: importer.ts:G
  h: {class: "lamp:Lamp", kwargs: {watts: 100}}
  i: thingscope/things:SimulatedCmera
  j: maker.ts:J
`,
    {
      "syntax.ts": "export class E {}\nconst x: = 5;\n",
      "thrower.ts": '\n\nthrow new TypeError("No such cable.");\n',
      "maker.ts":
        'import { Thing } from "thingscope";\n\nexport class J extends Thing {\n  port = this.options.port;\n}\n',
      "importer.ts": 'import "./nowhere.ts";\nexport class G {}\n',
    },
  );
  assert.equal(code, 3);
  assert.deepEqual(problems, [
    "lab.yaml:2: The module 'lamp' does not export 'Lmap'. Did you mean 'Lamp'?",
    "lab.yaml:3: There is no module './lmap.ts' in FOLDER.",
    "lab.yaml:4: There is no module 'lmap': neither a file in FOLDER nor an installed package.",
    "lab.yaml:5: 'notAThing' of the module 'lamp' is not a class that extends Thing of 'thingscope'.",
    `lab.yaml:6: The module 'syntax.ts' cannot be loaded: FOLDER/syntax.ts:2:9: ERROR: Unexpected "=".`,
    "lab.yaml:7: The module 'thrower.ts' cannot be loaded: No such cable (FOLDER/thrower.ts:3).",
    "lab.yaml:8: The module 'importer.ts' cannot be loaded: Cannot find module 'FOLDER/nowhere.ts' imported from FOLDER/importer.ts.",
    "lab.yaml:9: Thing 'h' cannot be created: A lamp has 99 W at most (FOLDER/lamp.ts:6).",
    "lab.yaml:10: The module 'thingscope/things' does not export 'SimulatedCmera'. Did you mean 'SimulatedCamera'?",
    "lab.yaml:11: Thing 'j' cannot be created: Cannot read properties of undefined (reading 'port') (FOLDER/maker.ts:4).",
  ]);
});

test("a decorator on the wrong member is told with its line in the module", {
  timeout: TEST_MS,
}, async () => {
  const { code, problems } = await check("things:\n  a: field.ts:A\n  b: event.ts:B\n", {
    "field.ts": `import { property, Thing } from "thingscope";
import { Type } from "typebox";

export class A extends Thing {
  @property("Level", Type.Number()) level = 1;
}
`,
    "event.ts": `import { event, Thing, ThingEvent } from "thingscope";

export class B extends Thing {
  @event("Done") readonly done = new ThingEvent();
}
`,
  });
  assert.equal(code, 2);
  assert.deepEqual(problems, [
    "lab.yaml:2: The module 'field.ts': The decorator of 'level' is on a field. Write 'accessor' before it, accessor level = ..., or make it a getter (FOLDER/field.ts:5).",
    "lab.yaml:3: The module 'event.ts': Event 'done' has no schema. Specify the data that it is emitted with, or Type.Null() for none (FOLDER/event.ts:4).",
  ]);
});

test("reserved names and slots that fit nothing are told with their line, and end with 2", {
  timeout: TEST_MS,
}, async () => {
  const names = await check(`things:
  things: lamp:Lamp
  "über": lamp:Lamp
  panel: {class: "lamp:Panel", thing_slots: {lmap: x}}
`);
  assert.equal(names.code, 2);
  assert.deepEqual(names.problems, [
    "lab.yaml:2: A Thing cannot be named 'things': the name is reserved for a route. Choose another.",
    "lab.yaml:3: A Thing cannot be named 'über': the name has characters other than A-Z a-z 0-9 _ -. Choose another.",
    "lab.yaml:4: Thing 'panel' has no slot 'lmap'. Did you mean 'lamp'?",
  ]);
  const slots = await check(`things:
  panel:
    class: lamp:Panel
    thing_slots:
      lamp: lmap
  other: lamp:Panel
`);
  assert.equal(slots.code, 2);
  assert.match(slots.problems[0] ?? "", /^lab\.yaml:4: Slot 'lamp' of Thing 'panel' names 'lmap'/);
  assert.match(slots.problems[1] ?? "", /^lab\.yaml:6: Slot 'lamp' of Thing 'other' needs a Lamp/);
});
