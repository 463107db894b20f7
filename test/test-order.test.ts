import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packagePath } from "../src/base/package-root.ts";
import { TEST_MS } from "./limits.ts";

type RunBeside = (
  items: readonly string[],
  most: number,
  work: (item: string) => Promise<void>,
  isApart?: (...two: string[]) => boolean,
) => Promise<void>;

function script(name: string): Promise<unknown> {
  return import(pathToFileURL(packagePath("scripts", `${name}.mjs`)).href);
}

test("the order of tests names files that are there, each once", async () => {
  const { ALONE, APART, LONGEST, MEASURING } = (await script("test-order")) as Record<
    string,
    string[]
  >;
  for (const names of [ALONE!, APART!, LONGEST!, MEASURING!]) {
    assert.deepEqual([...new Set(names)], names);
    const gone = names.filter((name) => !existsSync(packagePath("test", `${name}.test.ts`)));
    assert.deepEqual(gone, []);
  }
});

test("files run beside one another but for those that must not, each once, and all of them", {
  timeout: TEST_MS,
}, async () => {
  const { runBeside } = (await script("test-pool")) as { runBeside: RunBeside };
  const items = ["a", "b1", "b2", "b3", "c"];
  const ran: string[] = [];
  const beside = new Set<string>();
  let most = 0;
  const work = async (item: string) => {
    ran.push(item);
    beside.add(item);
    most = Math.max(most, beside.size);
    assert.ok([...beside].filter((one) => one.startsWith("b")).length <= 1, [...beside].join());
    for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve));
    beside.delete(item);
  };
  await runBeside(items, 8, work, (...two) => two.every((item) => item.startsWith("b")));
  assert.deepEqual(ran.toSorted(), items);
  assert.ok(most <= 8 && most >= Math.min(2, availableParallelism()), `${most}`);
  await assert.rejects(
    runBeside(items, 8, async () => assert.fail("it failed")),
    /it failed/,
  );
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
