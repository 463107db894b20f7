import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packagePath } from "../src/base/package-root.ts";

test("the order of tests names files that are there, each once", async () => {
  const { LONGEST, MEASURING } = (await import(
    pathToFileURL(packagePath("scripts", "test-order.mjs")).href
  )) as { LONGEST: string[]; MEASURING: string[] };
  for (const names of [LONGEST, MEASURING]) {
    assert.deepEqual([...new Set(names)], names);
    const gone = names.filter((name) => !existsSync(packagePath("test", `${name}.test.ts`)));
    assert.deepEqual(gone, []);
  }
});
