import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
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

test("what is random in a test begins at the seed that a run prints", () => {
  const files = readdirSync(packagePath("test"), { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes("node_modules"),
  );
  const others = files.filter((file) => {
    const text = readFileSync(packagePath("test", file), "utf8");
    return /from "fast-check"|Math\.random\(\)|Date\.now\(\) %|THINGSCOPE_SEED \?\?/.test(text);
  });
  assert.deepEqual(others.sort(), ["property.ts", "seed.ts", "test-order.test.ts"]);
});
