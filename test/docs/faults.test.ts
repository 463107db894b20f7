import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { filesIn } from "../sources.ts";
import { faultRows } from "./fault-rows.ts";

const rows = faultRows();

test("docs/internals/faults.md has the rows F01 to F55, each once and in order", () => {
  const ids = Array.from({ length: 55 }, (_, n) => `F${String(n + 1).padStart(2, "0")}`);
  assert.deepEqual(
    rows.map(({ id }) => id),
    ids,
  );
});

test("each row of docs/internals/faults.md says what holds, and names tests that exist, or why it is not promised", () => {
  for (const { id, holds, tests, notPromised } of rows) {
    assert.ok(holds, `${id} does not say what holds`);
    assert.ok(tests.length > 0 || notPromised, `${id} has no test, and no reason why not`);
    for (const { file, title } of tests) {
      const path = packagePath("test", `${file}.test.ts`);
      assert.ok(existsSync(path), `${id} names test/${file}.test.ts, which is not there`);
      const text = readFileSync(path, "utf8");
      assert.ok(text.includes(title), `${id}: test/${file}.test.ts has no test "${title}"`);
    }
  }
});

test("a test whose title begins with the id of a row is in that row", () => {
  const titled = filesIn("test").flatMap(({ path, text }) =>
    [...text.matchAll(/\btest\(\s*["'`](F\d\d): ([^"'`]+)/g)].map(([, id, rest]) => ({
      id,
      file: path.slice("test/".length).replace(/\.test\.ts$/, ""),
      title: `${id}: ${rest}`,
    })),
  );
  for (const { id, file, title } of titled) {
    const row = rows.find((one) => one.id === id);
    const isThere = row?.tests.some((one) => one.file === file && title.includes(one.title));
    assert.ok(
      isThere,
      `${id} in docs/internals/faults.md does not name test/${file}.test.ts "${title}"`,
    );
  }
});
