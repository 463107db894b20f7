import assert from "node:assert/strict";
import { test } from "node:test";
import { valueLines } from "../../src/cli/client-output.ts";
import { fc } from "../property.ts";

test("what fits on a line stands there, and a long list of numbers fills its lines", () => {
  assert.equal(valueLines({ x: 0, y: 0, z: 64 }), '{ "x": 0, "y": 0, "z": 64 }');
  assert.equal(valueLines([]), "[]");
  assert.equal(valueLines({}), "{}");
  assert.equal(valueLines("text"), '"text"');
  const value = { sharpest: 3, sizes: [100, 200, 300, 400, 500, 600], at: [{ z: 1 }, { z: 2 }] };
  assert.equal(
    valueLines(value, 24),
    `{
  "sharpest": 3,
  "sizes": [
    100, 200, 300, 400,
    500, 600
  ],
  "at": [
    { "z": 1 },
    { "z": 2 }
  ]
}`,
  );
});

test("any value is the same JSON, whatever the width", () => {
  void fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 1, max: 200 }), (value, width) => {
      const text = valueLines(value, width);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
});
