// Schemas that are legal, and lead a careless reader into a loop, past the end of its stack, or to another value.
import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuMs } from "../elapsed.ts";
import { pageModule } from "./page-module.ts";
import { fieldKindOf, firstFault, initialOf, type Schema, soundSchema } from "./schema-modules.ts";

const { scaleOf, nearest, arrowStep } = await pageModule<{
  scaleOf(schema: Schema): object | undefined;
  nearest(schema: Schema, value: number): number;
  arrowStep(schema: Schema): number;
}>("schema/number-scale");
const { readNumber } = await pageModule<{ readNumber(text: string): object }>("schema/typed-text");

const itself = { $ref: "#" };

/** Far more than any of them takes, far less than one that leads to itself. */
const MOST_MS = 2000;

function assertQuick(run: () => void): void {
  const begun = cpuMs();
  run();
  const ms = cpuMs() - begun;
  assert.ok(ms < MOST_MS, `${ms} ms`);
}

function kindOf(schema: unknown): string {
  return fieldKindOf(soundSchema(schema, schema), schema);
}

test("a schema that leads to itself has a field, a first value and faults, in no time", () => {
  const list = { type: "array", items: itself };
  const pair = { type: "array", minItems: 2, maxItems: 2, items: itself };
  const all = { allOf: [itself, itself], title: "all" };
  const one = { oneOf: [itself, itself, { type: "number" }] };
  const names = ["a", "b", "c", "d"];
  const bush = {
    type: "object",
    required: names,
    properties: Object.fromEntries(names.map((name) => [name, itself])),
  };
  assertQuick(() => {
    const kinds = [list, pair, all, one, bush].map(kindOf);
    assert.deepEqual(kinds, ["list", "tuple", "free", "choice", "object"]);
    assert.equal(firstFault(one, "x"), undefined, "the server judges what has no end here");
    assert.equal(initialOf(pair), undefined);
    assert.ok(JSON.stringify(initialOf(bush)).length < 1000);
  });
});

test("a value as deep as its schema, which may be one of two at each level, is judged in no time", () => {
  const node = { type: "object", required: ["of"], properties: { of: itself } };
  const tree = { oneOf: [node, node] };
  let value: unknown = 1;
  for (let depth = 0; depth < 30; depth++) value = { of: value };
  assertQuick(() => firstFault(tree, value));
  const numbers = { type: "array", items: { type: "number", minimum: 0 } };
  assertQuick(() => firstFault(numbers, Array(100_000).fill(1)));
});

test("limits that no number keeps are none, and those of a kind of numbers make no slider", () => {
  const contradictory = { type: "number", minimum: 10, maximum: 5, multipleOf: 0 };
  assert.equal(firstFault(contradictory, 7), undefined);
  assert.equal(firstFault({ type: "string", minLength: 9, maxLength: 3 }, "four"), undefined);
  assert.equal(kindOf({ type: "string", enum: [] }), "text");
  const double = { type: "number", minimum: -1.7e308, maximum: 1.7e308 };
  assert.equal(scaleOf(double), undefined);
  assert.equal(arrowStep(double), 1);
  assert.equal(scaleOf({ type: "number", minimum: 5e-324, maximum: 1.7e308 }), undefined);
  const int64 = { type: "integer", minimum: -(2 ** 63), maximum: 2 ** 63 };
  assert.equal(nearest(int64, 123_456_789_012_346), 123_456_789_012_346, "no digit is lost");
});

test("a whole number that a browser cannot hold is refused in words, not sent as another", () => {
  assert.deepEqual(readNumber("9007199254740991"), { value: 9007199254740991 });
  assert.deepEqual(readNumber("100000000000000000000"), { value: 1e20 });
  assert.deepEqual(readNumber("9007199254740993"), {
    fault:
      "A browser cannot send 9007199254740993 exactly, but 9007199254740992. Whole numbers up to 9007199254740991 are exact.",
  });
});

test("patterns that repeat repetitions are the server's to judge, others are judged here", () => {
  const a = "a".repeat(300);
  const slow = [
    "^((a+))+$",
    "a*a*a*a*a*a*a*b",
    "^(([a-z])+.)+[A-Z]$",
    "^(a|aa)+$",
    "(a*)*b",
    "(a)\\1",
  ];
  assertQuick(() => {
    for (const pattern of slow)
      assert.equal(firstFault({ type: "string", pattern }, `${a}!`), undefined);
  });
  for (const pattern of ["^[^0-9]*$", "^\\w+-\\d+$", "^[(*+]$", "^\\(a\\)*$"])
    assert.match(firstFault({ type: "string", pattern }, "7 !") ?? "", /must look like/, pattern);
});

test("members are found by their own names, whatever every object has", () => {
  const members = JSON.parse(
    '{"constructor": {"type": "number"}, "__proto__": {"type": "number"}}',
  );
  const names = ["constructor", "__proto__"];
  const schema = { type: "object", required: names, properties: members };
  assert.equal(firstFault(schema, {}), "Fill in: constructor, __proto__.");
  const merged = soundSchema({ allOf: [schema] }, schema);
  assert.deepEqual(Object.keys(Object(merged.properties)).toSorted(), names.toSorted());
  const { length } = firstFault({ enum: Array.from({ length: 20_000 }, (_, n) => n) }, "x") ?? "";
  assert.ok(length < 200, `${length} characters`);
});
