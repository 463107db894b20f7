import assert from "node:assert/strict";
import { test } from "node:test";
import { type TSchema, Type } from "typebox";
import { coerce } from "../../src/core/coerce.ts";

/** What pydantic 2.14 makes of each, measured; where it refuses a value, ours leaves it to be refused. */
const ROWS: [what: string, schema: TSchema, value: unknown, read: unknown][] = [
  ["digits are an integer", Type.Integer(), "100", 100],
  ["spaces around a number do not count", Type.Integer(), " 100 ", 100],
  [
    "an integer may have a sign, underscores and empty decimals",
    Type.Integer(),
    "-1_000.00",
    -1000,
  ],
  ["a fraction is no integer", Type.Integer(), "1.5", "1.5"],
  ["an exponent is no integer", Type.Integer(), "1e3", "1e3"],
  ["hexadecimal is no integer", Type.Integer(), "0x10", "0x10"],
  ["an empty string is no integer", Type.Integer(), "", ""],
  [
    "an integer that a double cannot hold stays a string",
    Type.Integer(),
    "9007199254740993",
    "9007199254740993",
  ],
  ["a number may have decimals and an exponent", Type.Number(), " 1.5e3 ", 1500],
  ["NaN is no number of JSON", Type.Number(), "nan", "nan"],
  ["a number too large for a double stays a string", Type.Number(), "1e999", "1e999"],
  ["words for a boolean", Type.Boolean(), "On", true],
  ["0 is false", Type.Boolean(), 0, false],
  ["2 is no boolean", Type.Boolean(), 2, 2],
  ["a number stays a number where a string belongs", Type.String(), 5, 5],
  [
    "a string stays a string where one may be",
    Type.Union([Type.Integer(), Type.String()]),
    "5",
    "5",
  ],
  ["null or a number", Type.Union([Type.Null(), Type.Number()]), "5", 5],
  ["null stays null", Type.Union([Type.Null(), Type.Number()]), null, null],
  ["choices stay as they are", Type.Enum(["1", "2"]), "1", "1"],
  ["several types in one", { type: ["number", "null"] }, "0.5", 0.5],
  [
    "members of an object",
    Type.Object({ dz: Type.Number(), name: Type.String() }),
    { dz: "5", name: "5" },
    { dz: 5, name: "5" },
  ],
  [
    "members that the schema does not name",
    Type.Object({}),
    { constructor: "5" },
    { constructor: "5" },
  ],
  ["items of a list", Type.Array(Type.Number()), ["1", "x", 2], [1, "x", 2]],
  ["items of a tuple", Type.Tuple([Type.Number(), Type.Boolean()]), ["1", "no"], [1, false]],
];

for (const [what, schema, value, expected] of ROWS) {
  test(what, () => assert.deepEqual(coerce(schema, value), expected));
}

test("a value that fits is the same object", () => {
  const value = { dz: [1, 2] };
  assert.equal(coerce(Type.Object({ dz: Type.Array(Type.Number()) }), value), value);
});

test("a member named __proto__ stays a member", () => {
  const value = JSON.parse('{"__proto__": {"dz": "5"}, "dz": "5"}');
  const read = coerce(Type.Object({ dz: Type.Number() }), value);
  assert.equal(JSON.stringify(read), '{"__proto__":{"dz":"5"},"dz":5}');
});

test("reading a long string takes no longer for each of its characters", () => {
  const worst = `${"1_".repeat(500_000)}x`;
  assert.equal(coerce(Type.Number(), worst), worst);
});
