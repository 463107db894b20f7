import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_FAULTS, messageOf, ThingError } from "../../src/base/errors.ts";
import { preview } from "../../src/base/preview.ts";
import { problemOf } from "../../src/server/http/problem.ts";

test("a preview is JSON, cut where it would drown a sentence", () => {
  assert.equal(preview("top"), "'top'");
  assert.equal(preview({ a: [1, null, "x"], b: true }), '{"a":[1,null,"x"],"b":true}');
  assert.equal(preview([1, 2, 3], 5), "[1...");
  assert.equal(preview("x".repeat(100), 10), "'xxxxxx...");
});

test("a preview takes no more of a value than it shows", () => {
  let reads = 0;
  const item = {
    get x() {
      reads += 1;
      return "y".repeat(1000);
    },
  };
  assert.equal(preview(new Array(100_000).fill(item)).length, 80);
  assert.ok(reads < 10, `${reads} items were read`);
});

test("a preview and a message never throw", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  assert.ok(preview(cyclic).startsWith('{"self":{"self":'));
  assert.equal(preview(10n), "a BigInt");
  const hostile = {
    get x() {
      throw new Error("no");
    },
  };
  assert.equal(preview(hostile), "a value that cannot be shown");
  assert.match(messageOf(Object.create(null)), /without a message/);
  const error = new Error("x");
  Object.defineProperty(error, "message", {
    get: () => {
      throw new Error("no");
    },
  });
  assert.match(problemOf(error).detail, /without a message/);
});

test("a problem is less than 64 kB as JSON, whatever went wrong", () => {
  const nul = "\0".repeat(100_000);
  const faults = new Array(5000).fill({
    ...{ type: nul, loc: ["body", ...new Array(1000).fill(nul)], msg: nul, input: { a: nul } },
    ctx: Object.fromEntries(new Array(50).fill(0).map((_, n) => [`${n}${nul}`, nul])),
  });
  const errors = [
    new ThingError("INVALID_INPUT", nul, { faults }),
    new ThingError("INVALID_INPUT", "short", { faults: [{ type: "x", loc: [nul], msg: nul }] }),
    new Error(nul),
    nul,
    Object.assign(new Error("x"), { name: nul }),
  ];
  for (const error of errors) {
    const text = JSON.stringify(problemOf(error, `/${nul}`));
    assert.ok(Buffer.byteLength(text) <= 64_000, `${Buffer.byteLength(text)} bytes`);
  }
  const faulty = new ThingError("INVALID_INPUT", "x", {
    faults: new Array(50).fill({ type: "missing", loc: ["body", "x"], msg: "Field required" }),
  });
  const { errors: listed, errors_omitted: omitted } = problemOf(faulty);
  assert.deepEqual([listed?.length, omitted], [MOST_FAULTS, 30]);
});
