import assert from "node:assert/strict";
import { test } from "node:test";
import { loads } from "../../../src/adapters/pystreaming/pickle.ts";
import { dumps, dumpsFloat } from "../../../src/adapters/pystreaming/pickle-writer.ts";
import { type PythonValue, toJson } from "../../../src/adapters/pystreaming/python-value.ts";
import { ThingError } from "../../../src/base/errors.ts";
import { TEST_MS } from "../../limits.ts";
import { fc, runs } from "../../property.ts";
import { HOSTILE_PICKLES, PICKLES } from "./pickles.ts";

const timeout = TEST_MS;
const bytes = (hex: string) => Buffer.from(hex, "hex");

/** Values of every kind that travels. */
const anyValue = fc.letrec<{ value: PythonValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.integer(),
    fc.double({ noNaN: true }).map((number) => (Object.is(number, -0) ? 0.5 : number)),
    fc.bigInt(2n ** 60n, 2n ** 200n),
    fc.bigInt(-(2n ** 200n), -(2n ** 60n)),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array(),
    fc.array(tie("value")),
    fc.dictionary(fc.string(), tie("value"), { noNullPrototype: true }),
  ),
})).value;

test("what Python 3.11 pickles is read as the values that it stands for", () => {
  for (const [value, hex] of PICKLES) assert.deepEqual(loads(bytes(hex)), value, hex);
});

test("the pickles that are written are as Python's documentation has them", () => {
  const cases: [PythonValue, string][] = [
    [null, "4e2e"],
    [7, "4b072e"],
    [300, "4a2c0100002e"],
    [-1, "4affffffff2e"],
    [1.5, "473ff80000000000002e"],
    [2 ** 40, "8a060000000000012e"],
    ["ok", "8c026f6b2e"],
    [Uint8Array.of(1), "4301012e"],
    [[true, false], "5d288889652e"],
    [{ a: null }, "7d288c01614e752e"],
  ];
  for (const [value, hex] of cases) assert.equal(Buffer.from(dumps(value)).toString("hex"), hex);
  assert.equal(Buffer.from(dumpsFloat(3)).toString("hex"), "4740080000000000002e");
});

test("every plain value comes back as it was", { timeout }, () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.deepEqual(loads(dumps(value)), value);
    }),
    { numRuns: runs(300) },
  );
});

test("a pickle that imports, calls or builds something is refused with a sentence, and does nothing", () => {
  for (const [what, hex] of Object.entries(HOSTILE_PICKLES)) {
    assert.throws(
      () => loads(bytes(hex)),
      { code: "BAD_MESSAGE", message: /^The pickle .*\./ },
      what,
    );
  }
  const { "os.system, protocol 4": system = "" } = HOSTILE_PICKLES;
  assert.throws(() => loads(bytes(system)), /\(STACK_GLOBAL\), which is never done.*\.tolist\(\)/);
});

test("bytes of any kind are a value or a sentence, in bounded time", { timeout }, () => {
  const opcodes = [..."N]}()aesutqhrj.GKMJXCB"].map((letter) => letter.charCodeAt(0));
  const likely = fc.constantFrom(
    ...opcodes,
    0x80,
    0x88,
    0x85,
    0x86,
    0x87,
    0x8a,
    0x8c,
    0x94,
    0x95,
    0,
    1,
  );
  const soup = fc.array(fc.oneof({ weight: 9, arbitrary: likely }, fc.nat(255)), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(fc.oneof(soup, fc.uint8Array().map(Array.from<number>)), (codes) => {
      try {
        loads(Uint8Array.from(codes));
      } catch (error) {
        assert.ok(error instanceof ThingError && error.code === "BAD_MESSAGE", String(error));
      }
    }),
    { numRuns: runs(2000) },
  );
});

test("any change of a real pickle is a value or a sentence", { timeout }, () => {
  const pickle = fc.constantFrom(...PICKLES.map(([, hex]) => bytes(hex)));
  fc.assert(
    fc.property(pickle, fc.nat(), fc.nat(255), fc.nat(), (original, at, byte, length) => {
      const changed = Buffer.from(original);
      changed[at % changed.length] = byte;
      try {
        loads(changed.subarray(0, 1 + (length % changed.length)));
      } catch (error) {
        assert.ok(error instanceof ThingError && error.code === "BAD_MESSAGE", String(error));
      }
    }),
    { numRuns: runs(1000) },
  );
});

test("a few bytes cannot stand for a value without an end, or one of a billion parts", () => {
  assert.throws(() => loads(bytes("5d9468006168006168002e")), { code: "BAD_MESSAGE" });
  const inItself = bytes("5d94680061" + "2e"); // a list that holds itself
  assert.throws(() => loads(inItself), /contains itself/);
  // Lists of two, each of the one before, twice: 2 to the 40th leaves in 300 bytes.
  const doubling = Array.from({ length: 40 }, (_, n) => `68${hexOf(n)}68${hexOf(n)}8694`).join("");
  assert.throws(() => loads(bytes(`285d94${doubling}742e`)), /more than 100000 parts/);
  const long = `58${hexOf(200, 4)}${"78".repeat(200)}94`;
  const shared = Array.from({ length: 99_000 }, () => "6800").join("");
  assert.throws(() => loads(bytes(`${long}5d28${shared}652e`)), { code: "BAD_MESSAGE" });
  assert.throws(() => loads(new Uint8Array(2 ** 20 + 1)), /1048577 bytes, but at most/);
  assert.throws(() => loads(bytes("42ffffffff2e")), /truncated/);
  assert.throws(() => loads(bytes(`5d${"5d".repeat(100)}${"61".repeat(100)}2e`)), /deeper than 64/);
});

test("a key is a key, whatever it is called", () => {
  const value = loads(bytes("7d8c095f5f70726f746f5f5f7d8c01614b0173732e"));
  assert.deepEqual(Object.keys(Object(value)), ["__proto__"]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.equal(Reflect.get({}, "a"), undefined);
});

test("what Python would need a class for is not sent", () => {
  const values: unknown[] = [
    new Date(),
    new Map(),
    () => 1,
    Symbol("s"),
    [undefined],
    new (class A {})(),
  ];
  for (const value of values) {
    assert.throws(() => dumps(value as PythonValue), { code: "BAD_MESSAGE" });
  }
  const inItself: PythonValue[] = [];
  inItself.push(inItself);
  assert.throws(() => dumps(inItself), /contains itself/);
  assert.throws(() => dumps(1n << 3000n), /more than 255 bytes/);
});

test("as JSON, bytes are base64, large integers text, and what is no number null", () => {
  const value = { a: Uint8Array.of(1, 2), b: 2n ** 70n, c: [Number.NaN, 1] };
  assert.deepEqual(toJson(value), { a: "AQI=", b: "1180591620717411303424", c: [null, 1] });
});

function hexOf(value: number, size = 1): string {
  const buffer = Buffer.alloc(size);
  buffer.writeUIntLE(value, 0, size);
  return buffer.toString("hex");
}
