import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { test } from "node:test";
import { packagePath } from "../src/base/package-root.ts";
import { cpuMs, Elapsed } from "./elapsed.ts";
import { TEST_MS } from "./limits.ts";

const files = readdirSync(packagePath("test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.includes("node_modules"))
  .map((path) => ({ path, text: readFileSync(packagePath("test", path), "utf8") }));

test("limits of tests are those of test/limits.ts", () => {
  const literal =
    /(?:test\([^{}]*|const options = |describe\([^{}]*)\{\s*timeout: [\d_]+|^const timeout = [\d_]+;|\btimeout(?: =|:) (?!.*TEST_MS).*\b\d[\d_]{3,}.*/gm;
  for (const { path, text } of files) {
    const found = text.match(literal)?.map((one) => one.slice(-40));
    assert.equal(
      found,
      undefined,
      `${path}: take TEST_MS of test/limits.ts, which only ends what hangs`,
    );
  }
});

test("no test asserts that little time has passed by the clock, which counts what others took of the processor", () => {
  const byClock = /assert\.ok\(\s*(?:performance|Date)\.now\(\) - \w+ <=? [^;]*;/g;
  for (const { path, text } of files) {
    const found = text.match(byClock);
    assert.equal(found, null, `${path}: measure by Elapsed of test/elapsed.ts: ${found}`);
  }
});

test("what a process stands in line for a processor does not count as time that it takes", {
  timeout: TEST_MS,
}, async (t) => {
  for (let n = 0; n < 2 * availableParallelism(); n++) {
    const hog = spawn(process.execPath, ["-e", "console.log(1); for (;;);"]);
    t.after(() => hog.kill("SIGKILL"));
    await once(hog.stdout, "data");
  }
  const [from, ran, elapsed] = [performance.now(), cpuMs(), new Elapsed()];
  while (cpuMs() - ran < 100);
  const { ms } = elapsed;
  const wall = performance.now() - from;
  assert.ok(wall > 130, `${wall} ms: nobody else wanted the processor`);
  assert.ok(ms >= 95 && ms < 100 + (wall - 100) / 2, `${ms} ms of ${wall} for work of 100 ms`);
});
