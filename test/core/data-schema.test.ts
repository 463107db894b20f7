import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv } from "ajv";
import { type TSchema, Type } from "typebox";
import { toDataSchema } from "../../src/core/data-schema.ts";
import { tdFaults } from "../conformance/td-schema.ts";

const Point = Type.Object({ x: Type.Integer(), y: Type.Optional(Type.Number({ unit: "um" })) });

const CASES: [name: string, schema: TSchema, expected: object, samples: unknown[]][] = [
  [
    "a number keeps its unit and limits",
    Type.Number({ unit: "ms", minimum: 0 }),
    { type: "number", unit: "ms", minimum: 0 },
    [1, -1, "x"],
  ],
  [
    "literals become an enum",
    Type.Union([Type.Literal("a"), Type.Literal("b")]),
    { enum: ["a", "b"], type: "string" },
    ["a", "c", 1],
  ],
  [
    "a nullable type becomes oneOf",
    Type.Union([Type.String(), Type.Null()]),
    { oneOf: [{ type: "string" }, { type: "null" }] },
    ["a", null, 1],
  ],
  [
    "an integer beside a number is a number",
    Type.Union([Type.Integer(), Type.Number()]),
    { type: "number" },
    [1, 1.5, "x"],
  ],
  [
    "a list of types becomes oneOf",
    { type: ["number", "null"], minimum: 3 } as TSchema,
    { oneOf: [{ minimum: 3, type: "number" }, { type: "null" }] },
    [3, 2, null],
  ],
  [
    "objects keep what is required",
    Point,
    {
      type: "object",
      required: ["x"],
      properties: { x: { type: "integer" }, y: { type: "number", unit: "um" } },
    },
    [{ x: 1 }, { y: 1 }, { x: 1, y: "a" }],
  ],
  [
    "objects that are joined are merged",
    Type.Intersect([Point, Type.Object({ z: Type.Integer() })]),
    {
      type: "object",
      required: ["x", "z"],
      properties: {
        x: { type: "integer" },
        y: { type: "number", unit: "um" },
        z: { type: "integer" },
      },
    },
    [{ x: 1, z: 2 }, { x: 1 }, { z: 1 }],
  ],
  [
    "an array keeps its items",
    Type.Array(Type.Integer(), { minItems: 1 }),
    { type: "array", items: { type: "integer" }, minItems: 1 },
    [[1], [], ["a"]],
  ],
  [
    "a tuple keeps its items and length",
    Type.Tuple([Type.Integer(), Type.String()]),
    { type: "array", items: [{ type: "integer" }, { type: "string" }], minItems: 2, maxItems: 2 },
    [[1, "a"], [1], [1, "a", 2], ["a", 1]],
  ],
];

for (const [name, schema, expected, samples] of CASES) {
  test(`${name}, and accepts the same values`, () => {
    const published = toDataSchema(schema);
    assert.deepEqual(published, expected);
    const ajv = new Ajv({ strict: false });
    for (const sample of samples) {
      assert.equal(
        ajv.validate(published, sample),
        ajv.validate(schema, sample),
        JSON.stringify(sample),
      );
    }
    const description = {
      "@context": "https://www.w3.org/2022/wot/td/v1.1",
      title: "T",
      security: "n",
      securityDefinitions: { n: { scheme: "nosec" } },
      properties: { p: { ...published, forms: [{ href: "https://example.com/p" }] } },
    };
    assert.deepEqual(tdFaults(description), []);
  });
}

test("a $ref is refused, because no Thing Description can hold one", () => {
  assert.throws(() => toDataSchema({ $ref: "#/definitions/x" }), /write the schema out/);
});
