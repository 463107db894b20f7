// Typed arrays as values: JSON arrays outside, looked at once.
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, property, Thing } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { type TSchema, Type } from "typebox";
import { outgoing } from "../../src/core/outgoing.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const Numbers = Type.Array(Type.Number());

class Spectrometer extends Thing {
  counts = new Float64Array([1, 2.5]);
  @property("Counts", Numbers) get spectrum() {
    return this.counts;
  }
  @action("Scan", {
    output: Type.Object({ x: Type.Array(Type.Number()), y: Type.Array(Type.Integer()) }),
    synchronous: true,
  })
  scan() {
    return { x: new Float32Array([0.5, 1]), y: new Uint16Array([7, 65535]) };
  }
}

test("typed arrays are properties and outputs, and JSON arrays for clients", {
  timeout,
}, async () => {
  await using opened = await openTestHost(Spectrometer);
  const read = await fetch(`${opened.url}spectrum`);
  assert.equal(await read.text(), "[1,2.5]");
  const scanned = await fetch(`${opened.url}scan`, { method: "POST" });
  assert.deepEqual(await scanned.json(), { x: [0.5, 1], y: [7, 65535] });
  opened.thing.counts = new Float64Array([1, 2, Number.NaN, 3]);
  await assert.rejects(opened.hosted.readProperty("spectrum"), {
    code: "INVALID_OUTPUT",
    message: /that JSON cannot hold: \/2 is NaN/,
  });
});

const LISTS = [
  new Float32Array([0.5, -3]),
  new Float64Array([1, 2, 3]),
  new Uint8Array([1, 2, 255]),
  new Uint8ClampedArray([1]),
  new Int8Array([-1, 1]),
  new Int16Array([-300]),
  new Int32Array([2 ** 30]),
  new Uint32Array([2 ** 31]),
  new Uint16Array(0),
  Buffer.from([1, 2, 3]),
  Object.assign(new Int8Array([5]), { toJSON: () => "five" }),
];
const SCHEMAS: readonly TSchema[] = [
  Numbers,
  Type.Array(Type.Integer()),
  Type.Array(Type.Number({ minimum: 0 })),
  Type.Array(Type.Number({ maximum: 200, minimum: -1 }), { minItems: 1, maxItems: 2 }),
  Type.Array(Type.Integer({ multipleOf: 2 })),
  Type.Array(Type.Number(), { uniqueItems: true }),
  Type.Array(Type.Number({ exclusiveMinimum: 0 })),
  Type.Array(Type.Union([Type.Number(), Type.Null()])),
  Type.Array(Type.String()),
  Type.Number(),
  Type.Unknown(),
  Type.Tuple([Type.Number()]),
];

test("a typed array fits a schema exactly when the list of its numbers does", { timeout }, () => {
  const result = (value: unknown, schema: TSchema) => {
    try {
      return outgoing(value, { schema, what: "It has a value", className: "Sample" });
    } catch (error) {
      return String(error);
    }
  };
  for (const list of LISTS)
    for (const schema of SCHEMAS)
      assert.deepEqual(result(list, schema), result([...list], schema), JSON.stringify(schema));
  assert.match(String(result(new BigInt64Array(1), Numbers)), /is a list of BigInts/);
  const sent = new Float64Array([1, 2]);
  structuredClone(sent.buffer, { transfer: [sent.buffer] });
  assert.match(String(result(sent, Numbers)), /it has no numbers any more, because its buffer was/);
  const two = Type.Array(Type.Number(), { minItems: 2 });
  assert.match(String(result([1], two)), /it should have at least 2 items, but is \[1\]/);
});
