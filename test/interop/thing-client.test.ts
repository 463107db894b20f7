import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { python } from "./programs.ts";
import { serveInstrument } from "./serving.ts";

const run = promisify(execFile);

interface Scenario {
  name: string;
  failure: string | null;
}

test("ThingClient of labthings-fastapi 0.3.0", { timeout: TEST_MS }, async (t) => {
  const { url } = await serveInstrument(t, { enable_global_lock: true });
  const script = packagePath("test", "interop", "thing_client.py");
  const { stdout } = await run(python(), [script, `${url}/`], { timeout: WAIT_MS });
  const scenarios: Scenario[] = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(scenarios.length > 10, stdout);
  for (const { name, failure } of scenarios) {
    await t.test(name, () => assert.equal(failure, null, failure ?? ""));
  }
});
