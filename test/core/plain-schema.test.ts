import assert from "node:assert/strict";
import { test } from "node:test";
import type { TSchema } from "typebox";
import { plainSchema, schemasIn } from "../../src/core/plain-schema.ts";

const plain = (schema: unknown) => plainSchema(schema as TSchema) as unknown;

test("references by pointer, by $id and by $anchor become what they refer to", () => {
  const text = { type: "string", maxLength: 5 };
  const cases: readonly [string, object][] = [
    ["#/$defs/Word", { Word: text }],
    ["#/definitions/Word", { Word: text }],
    ["Word", { Word: text }],
    ["https://example.org/word", { W: { $id: "https://example.org/word", ...text } }],
    ["#word", { W: { $anchor: "word", ...text } }],
    ["#/$defs/a~1b~0c%20d", { "a/b~c d": text }],
  ];
  for (const [$ref, definitions] of cases) {
    const key = $ref.includes("definitions") ? "definitions" : "$defs";
    const schema = { [key]: definitions, type: "object", properties: { word: { $ref } } };
    assert.deepEqual(plain(schema), { type: "object", properties: { word: text } }, $ref);
  }
});

test("what marks a schema, as a Blob's, stays on it, at any depth", () => {
  const mark = Symbol("mark");
  const marked = {
    type: "object",
    properties: { a: { anyOf: [{ type: "string", [mark]: true }] } },
  };
  assert.deepEqual(plain(marked), marked);
});

test("words beside a reference are kept, and win over those of what it refers to", () => {
  const schema = {
    $defs: { Length: { type: "number", unit: "um", title: "Length" } },
    $ref: "#/$defs/Length",
    title: "Height",
  };
  assert.deepEqual(plain(schema), { type: "number", unit: "um", title: "Height" });
});

test("a definition may be used twice, through another one, and from any depth", () => {
  const schema = {
    $defs: { A: { type: "array", items: { $ref: "#/$defs/B" } }, B: { type: "integer" } },
    anyOf: [{ $ref: "#/$defs/A" }, { $ref: "#/$defs/A" }, { not: { $ref: "#/$defs/B" } }],
  };
  const a = { type: "array", items: { type: "integer" } };
  assert.deepEqual(plain(schema), { anyOf: [a, a, { not: { type: "integer" } }] });
});

test("a schema is copied once, and what its author wrote is never changed", () => {
  const shared = Object.freeze({ type: "string" });
  const frozen = Object.freeze({
    type: "object",
    properties: Object.freeze({ a: shared, b: shared }),
  });
  assert.deepEqual(plain(frozen), frozen);
  assert.equal(plain(frozen), plain(frozen));
  assert.equal(plain(plain(frozen)), plain(frozen));
  const referring = Object.freeze({ $defs: Object.freeze({ A: shared }), $ref: "#/$defs/A" });
  assert.equal(plain(referring), plain(referring));
  assert.deepEqual(Object.keys(referring), ["$defs", "$ref"]);
});

test("a schema that refers to itself, to nothing, or dynamically is refused with its place", () => {
  const own: Record<string, unknown> = { type: "object" };
  own.properties = { deep: { type: "array", items: own } };
  const mutual = { A: { $ref: "#/$defs/B" }, B: { $ref: "#/$defs/A" } };
  const cases: readonly [unknown, RegExp][] = [
    [own, /it refers to itself at \/properties\/deep\/items/],
    [{ $ref: "#" }, /it refers to itself/],
    [{ $defs: mutual, $ref: "#/$defs/A" }, /it refers to itself/],
    [
      { properties: { a: { $ref: "#/$defs/No" } } },
      /it refers to '#\/\$defs\/No' at \/properties\/a/,
    ],
    [{ $ref: "https://example.org/x.json" }, /nothing in it has that name/],
    [{ $ref: "#/__proto__" }, /nothing in it has that name/],
    [{ $ref: "#/constructor/name" }, /nothing in it has that name/],
    [{ $ref: "#/%E0%A4%A" }, /it refers to '#\/%E0%A4%A', but nothing in it has that name/],
    [{ items: { $dynamicRef: "#a" } }, /\$dynamicRef at \/items/],
  ];
  for (const [schema, sentence] of cases)
    assert.throws(() => plain(schema), sentence, JSON.stringify(Object.keys(schema as object)));
});

test("depth, number of parts, and what JSON cannot hold are bounded", () => {
  let deep: object = { type: "string" };
  for (let n = 0; n < 65; n++) deep = { type: "array", items: deep };
  assert.throws(() => plain(deep), /more than 64 levels deep/);
  const names = Array.from({ length: 10_001 }, (_, n) => [`p${n}`, { type: "string" }]);
  assert.throws(() => plain({ properties: Object.fromEntries(names) }), /more than 10000 parts/);
  for (const value of [Number.NaN, 5n, () => {}])
    assert.throws(() => plain({ const: value }), /const is a? ?(NaN|bigint|function)/);
});

test("a name is no schema: a property called items, $ref or properties is one like others", () => {
  const schema = {
    type: "object",
    properties: { items: { type: "string" }, $ref: { type: "string" }, properties: true },
  };
  assert.deepEqual(plain(schema), schema);
  assert.deepEqual(
    [...schemasIn(schema)].map(([where]) => where),
    ["", "/properties/items", "/properties/$ref"],
  );
});

test("what changes when it is looked at, and what a class adds after its Thing was added, change nothing", () => {
  let reads = 0;
  const moody = {
    get type() {
      reads += 1;
      return reads % 2 === 1 ? "string" : "number";
    },
  };
  const first = plain(moody);
  assert.deepEqual(JSON.stringify(first), JSON.stringify(first), "it is the same at each look");
  const later: Record<string, unknown> = { type: "string" };
  const before = plain(later);
  later.type = "number";
  assert.deepEqual(before, { type: "string" });
});
