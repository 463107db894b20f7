import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./page-module.ts";
import { fieldKindOf, firstFault, initialOf, type Schema, soundSchema } from "./schema-modules.ts";

const { scaleOf, nearest, limitsOf } = await pageModule<{
  scaleOf(
    schema: Schema,
  ):
    | { positions: number; numberAt(position: number): number; positionOf(value: number): number }
    | undefined;
  nearest(schema: Schema, value: number): number;
  limitsOf(schema: Schema): readonly (number | undefined)[];
}>("schema/number-scale");
const { readNumber, readNumbers, readFree, writeFree } = await pageModule<{
  readNumber(text: string): object;
  readNumbers(text: string): object;
  readFree(text: string): unknown;
  writeFree(value: unknown): string;
}>("schema/typed-text");
const { withUnit, unitText } = await pageModule<{
  withUnit(value: number, unit?: string): string;
  unitText(unit: string): string;
}>("schema/units");
const { timeIn, scaled } = await pageModule<{
  timeIn(value: number, unit?: string): Date | undefined;
  scaled(value: number, unit?: string): string | undefined;
}>("schema/shown-number");
const { shownAs } = await pageModule<{
  shownAs(value: unknown, schema: Schema, root: unknown): { as: string; curve?: object };
}>("schema/shown-kinds");

function kindOf(schema: unknown): string {
  return fieldKindOf(soundSchema(schema, schema), schema);
}

test("each kind of schema has its field, and none is typed as JSON", () => {
  const kinds: readonly (readonly [string, unknown])[] = [
    ["switch", { type: "boolean" }],
    ["number", { type: "integer" }],
    ["number", { minimum: 3 }],
    ["number", { type: ["integer", "number"] }],
    ["menu", { enum: ["a", 1, null] }],
    [
      "menu",
      {
        enum: [1, 2],
        oneOf: [
          { const: 1, title: "One" },
          { const: 2, title: "Two" },
        ],
      },
    ],
    ["menu", { type: ["string"], enum: ["a"] }],
    ["menu", { anyOf: [{ const: 1 }, { enum: ["auto"] }, { type: "null" }] }],
    ["text", { type: "string", format: "date-time" }],
    ["file", { type: "string", contentEncoding: "base64" }],
    ["constant", { const: 3 }],
    ["constant", { type: "null" }],
    ["choice", { type: ["number", "null"] }],
    ["choice", { oneOf: [{ type: "number" }, { type: "string" }] }],
    ["tuple", { type: "array", items: [{ type: "number" }, { type: "string" }] }],
    ["tuple", { type: "array", prefixItems: [{ type: "number" }], items: false }],
    ["tuple", { items: { type: "number" }, minItems: 3, maxItems: 3 }],
    ["numbers", { type: "array", items: { type: "integer" } }],
    ["flags", { type: "array", uniqueItems: true, items: { enum: ["a", "b"] } }],
    ["list", { type: "array", items: { type: "object" } }],
    ["list", { type: "array" }],
    ["object", { properties: { x: {} } }],
    ["object", { type: "object", additionalProperties: { type: "number" } }],
    ["object", { allOf: [{ properties: { x: {} } }, { $ref: "#/$defs/y" }], $defs: { y: {} } }],
    ["number", { $ref: "#/$defs/a", $defs: { a: { $ref: "#/$defs/b" }, b: { type: "number" } } }],
    ["free", {}],
    ["free", undefined],
    ["free", true],
    ["free", { type: "colour" }],
    ["free", { type: 3, enum: "a", oneOf: [], properties: 7, minimum: "1" }],
    ["free", { $ref: "#", title: "itself" }],
  ];
  for (const [kind, schema] of kinds) assert.equal(kindOf(schema), kind, JSON.stringify(schema));
});

test("a value begins as its default, as what it must be, or as nothing where someone has to say", () => {
  const point = { type: "object", required: ["x"], properties: { x: { default: 3 }, y: {} } };
  assert.deepEqual(initialOf(point), { x: 3 });
  assert.equal(initialOf({ type: "number", minimum: 5 }), undefined);
  assert.equal(initialOf({ enum: ["a", "b"] }), undefined);
  assert.equal(initialOf({ const: "a" }), "a");
  assert.equal(initialOf({ type: ["number", "null"] }), null);
  assert.deepEqual(initialOf({ type: "array", items: point, minItems: 2 }), [{ x: 3 }, { x: 3 }]);
  const tree = { type: "object", required: ["of"], properties: { of: { $ref: "#" } } };
  assert.equal(typeof initialOf(tree), "object", "a schema that requires itself ends");
});

test("what is wrong is told before it is sent, with the way to it", () => {
  const exposure = { type: "number", exclusiveMinimum: 0, maximum: 1000, unit: "ms" };
  assert.equal(firstFault(exposure, 0), "More than 0\u202fms.");
  assert.equal(firstFault(exposure, 1001), "At most 1000\u202fms.");
  assert.equal(firstFault(exposure, 1000), undefined);
  assert.equal(firstFault({ type: "integer" }, 1.5), "A whole number is wanted here.");
  assert.equal(firstFault({ multipleOf: 0.1 }, 0.3), undefined, "0.3 is three times 0.1");
  assert.match(firstFault({ multipleOf: 8 }, 12) ?? "", /multiple of 8/);
  const points = { items: { properties: { x: { type: "number" } }, required: ["x"] } };
  assert.equal(firstFault(points, [{ x: 1 }, {}]), "2: Fill in: x.");
  assert.match(firstFault({ type: "string", pattern: "^[a-z]+$" }, "A") ?? "", /must look like/);
  assert.equal(firstFault({ type: "string", pattern: "^(a+)+$" }, `${"a".repeat(60)}!`), undefined);
  assert.equal(firstFault({ type: "string", pattern: "(" }, "a"), undefined);
  assert.equal(firstFault({ oneOf: [{ type: "number" }, { type: "null" }] }, null), undefined);
  assert.match(firstFault({ enum: ["a", "b"] }, "c") ?? "", /Choose one of: a, b/);
  assert.match(firstFault({ type: "array", minItems: 1 }, []) ?? "", /At least one/);
});

test("a slider reaches both ends, every step between them, and goes by factors where the range spans decades", () => {
  const gain = { type: "integer", minimum: -2, maximum: 10 };
  const scale = scaleOf(gain);
  assert.equal(scale?.positions, 12);
  for (let n = -2; n <= 10; n++) assert.equal(scale?.numberAt(scale.positionOf(n)), n);
  const exposure = { type: "number", minimum: 0.1, maximum: 1000 };
  const wide = scaleOf(exposure);
  assert.equal(wide?.numberAt(0), 0.1);
  assert.equal(wide?.numberAt(wide.positions), 1000);
  assert.ok((wide?.numberAt(wide.positions / 2) ?? 0) < 11, "ten is in the middle");
  const even = { type: "integer", minimum: 1, maximum: 9, multipleOf: 2 };
  assert.equal(nearest(even, 1), 2);
  assert.equal(nearest(even, 9), 8);
  assert.equal(nearest({ multipleOf: 0.1, minimum: 0, maximum: 1 }, 0.30000000000000004), 0.3);
  assert.deepEqual(
    limitsOf({ type: "integer", exclusiveMinimum: 0, exclusiveMaximum: 10 }),
    [1, 9],
  );
  assert.deepEqual(limitsOf({ type: "number", exclusiveMinimum: 0, maximum: 1 }), [0.001, 1]);
  assert.equal(scaleOf({ type: "integer", minimum: -(2 ** 31), maximum: 2 ** 31 }), undefined);
  assert.equal(scaleOf({ type: "number", minimum: 3 }), undefined);
  assert.equal(scaleOf({ type: "number", minimum: 3, maximum: 3 }), undefined);
});

test("what people type is read as what they mean, or refused in words", () => {
  assert.deepEqual(readNumber(" −1.5e3 "), { value: -1500 });
  assert.deepEqual(readNumber(""), { value: undefined });
  assert.match(JSON.stringify(readNumber("1,5")), /Write a point: 1\.5/);
  assert.match(JSON.stringify(readNumber("abc")), /'abc' is not a number/);
  assert.match(JSON.stringify(readNumber("0x10")), /is not a number/);
  assert.deepEqual(readNumbers("[1, 2; 3 4]"), { value: [1, 2, 3, 4] });
  const values = [3, -0.5, "3", "three", "true", true, null, [1, "a"], { a: 1 }, "{not json", "1e"];
  for (const value of values) assert.deepEqual(readFree(writeFree(value)), value);
  assert.equal(readFree("00501"), "00501", "what would be another text is a text");
  assert.equal(readFree("+49 30"), "+49 30");
  assert.equal(readFree("12345678901234567890"), "12345678901234567890", "no digit is lost");
});

test("units are written as in print", () => {
  assert.equal(withUnit(0.1 + 0.2, "um"), "0.3\u202fµm");
  assert.equal(withUnit(20, "deg"), "20°");
  assert.equal(unitText("100 us"), "× 100 µs");
  assert.equal(unitText("om2:millisecond"), "ms");
  assert.equal(unitText("http://qudt.org/vocab/unit/KiloHZ"), "KiloHZ");
  assert.equal(withUnit(3), "3");
});

test("a number that is a time is shown as a time, and bytes are counted in thousands", () => {
  const at = Date.UTC(2026, 10, 30, 8, 0, 0, 125);
  assert.equal(timeIn(at, "ms")?.getTime(), at);
  assert.equal(timeIn(at / 1000, "second")?.getTime(), at);
  assert.equal(timeIn(at * 1000, "us")?.getTime(), at);
  for (const [value, unit] of [
    [at, "px"],
    [at, undefined],
    [at, "s"],
    [3_600_000, "ms"],
    [Number.NaN, "ms"],
  ] as const)
    assert.equal(timeIn(value, unit), undefined, `${value} ${unit}`);
  const bytes = [0, 999, 1000, 999_999, 3_697_811, -2e9, 4e15].map((n) => scaled(n, "B/s"));
  const [, , ...shown] = bytes.map((text) => text?.replace("\u202f", " "));
  assert.deepEqual(bytes.slice(0, 2), [undefined, undefined]);
  assert.deepEqual(shown, ["1 kB/s", "1 MB/s", "3.7 MB/s", "-2 GB/s", "4000 TB/s"]);
  assert.equal(scaled(2048, "bytes"), "2.05\u202fkB");
  assert.equal(scaled(2048, "steps"), undefined);
});

test("outputs are shown as curves, tables and words, by what they are", () => {
  const as = (value: unknown, schema = {}) => shownAs(value, schema, schema);
  assert.equal(as([1, 2, 3]).as, "numbers");
  assert.equal(as(Array.from({ length: 50 }, (_, n) => n)).as, "curve");
  const points = [0, 1, 2].map((x) => ({ x, y: x * x }));
  assert.deepEqual(as(points).curve, { x: [0, 1, 2], y: [0, 1, 4], xLabel: "x", yLabel: "y" });
  assert.deepEqual(
    as([
      [1, 2, 3],
      [5, 6, 7],
    ]).curve,
    { x: [1, 2, 3], y: [5, 6, 7], xLabel: "", yLabel: "" },
  ); // heights and sizes
  assert.equal(as([{ name: "a", size: 1 }]).as, "table");
  assert.equal(as(["a", "b"]).as, "words");
  assert.equal(as([["a"], { b: 1 }]).as, "list");
  assert.equal(as(undefined).as, "nothing");
});
