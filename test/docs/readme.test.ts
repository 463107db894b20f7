import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { watchedMicroscopeFor } from "../server/demo-server.ts";
import { curl } from "./curl.ts";
import { blocksOf } from "./page.ts";

test("the curl commands of the README are answered by the simulated microscope", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await watchedMicroscopeFor(t);
  const commands = blocksOf(readFileSync(packagePath("README.md"), "utf8"))
    .flatMap(({ text }) => text.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.startsWith("curl "))
    .map((line) => line.replace(/ #.*/, "").trim());
  assert.equal(commands.length, 4);
  for (const command of commands) {
    const answer = await curl(command.replace("http://127.0.0.1:5000", url));
    const expected = command.includes("-X POST") ? 201 : 200;
    assert.equal(answer.status, expected, command);
    await answer.body?.cancel();
  }
});
