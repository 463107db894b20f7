// What is seen to fit without a compiled validator is what the validator takes, and every other schema is compiled as ever.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv } from "ajv";
import type { TSchema } from "typebox";
import { fitsScalar, isScalarSchema } from "../../src/core/scalar-schema.ts";
import { checkedSchema } from "../../src/core/schema.ts";

const VALUES = [
  ...[0, -0, 1, 1.5, -1, 5, 10, 10.5, 1e300, 2 ** 53, Number.NaN, Infinity, -Infinity],
  ...["", "a", "abc", "abcd", "\u{1f600}\u{1f600}", "1", true, false, null, undefined],
  ...[[], [1], {}, { length: 1 }, 1n],
];
const SCHEMAS = ["number", "integer", "boolean", "string"].flatMap((type) => [
  { type },
  { type, title: "T", description: "D" },
  { type, enum: [1, "a", true] },
  { type, enum: [5] },
  ...(type === "number" || type === "integer"
    ? [
        { type, minimum: 1 },
        { type, maximum: 5 },
        { type, minimum: -1, maximum: 10.5 },
      ]
    : []),
  ...(type === "string"
    ? [
        { type, maxLength: 3 },
        { type, maxLength: 0 },
      ]
    : []),
]);

test("a scalar that is seen to fit is one that ajv takes, and what ajv takes of it is seen", () => {
  const ajv = new Ajv({ strictNumbers: true, strictTypes: false });
  for (const schema of SCHEMAS) {
    assert.ok(isScalarSchema(schema), JSON.stringify(schema));
    const validate = ajv.compile(schema);
    for (const value of VALUES) {
      const what: string = `${JSON.stringify(schema)} ${String(value)}`;
      // Characters are counted by ajv as code points, and there as units: the shorter count decides nothing.
      const isEmoji = typeof value === "string" && value.length > [...value].length;
      if (fitsScalar(schema, value)) assert.equal(validate(value), true, what);
      else if (!isEmoji) assert.equal(validate(value), false, what);
    }
  }
});

test("a schema with anything else is compiled, and a mistake in it is found", () => {
  const others = [
    ...[{ type: "number", multipleOf: 2 }, { type: "string", pattern: "a" }, { type: "null" }],
    ...[{ type: ["number", "null"] }, { enum: [1] }, { type: "string", format: "uri" }, {}, true],
    ...[
      { type: "number", enum: [{}] },
      { type: "number", exclusiveMinimum: 1 },
    ],
  ];
  for (const schema of others) assert.equal(isScalarSchema(schema), false, JSON.stringify(schema));
  const wrong = [
    ...[
      { type: "number", minimum: "1" },
      { type: "number", minimun: 1 },
    ],
    ...[{ type: "number", enum: [] }, { type: "string", maxLength: -1 }, { type: "nmber" }],
    ...[
      { type: "number", minimum: 2, maximum: 1 },
      { type: "number", default: "a" },
    ],
  ];
  for (const schema of wrong) {
    const check = () => checkedSchema(schema as TSchema, "it");
    assert.throws(check, { code: "BAD_ARGUMENT" }, JSON.stringify(schema));
  }
});
