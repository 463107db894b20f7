import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { pageText } from "./page.ts";

test("every threat of docs/internals/threats.md has a defence, and tests that are there", () => {
  const rows = pageText("internals/threats.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| threat "))
    .map((line) => line.split(" | "));
  assert.ok(rows.length >= 15);
  for (const [threat = "", defence = "", tests = ""] of rows) {
    assert.ok(defence.length > 3, threat);
    let count = 0;
    for (const [, file, names = ""] of tests.matchAll(/`([\w/-]+)`: ((?:"[^"]+"(?:; )?)+)/g)) {
      const text = readFileSync(packagePath("test", `${file}.test.ts`), "utf8");
      for (const [name] of names.matchAll(/"[^"]+"/g)) {
        assert.ok(text.includes(name), `test/${file}.test.ts has no test ${name}`);
        count += 1;
      }
    }
    assert.ok(count > 0, `no test shows that ${threat} is kept out`);
  }
});
