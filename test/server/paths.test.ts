import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";
import { microscopeFor } from "./demo-server.ts";
import { ask } from "./requests.ts";

const STARTS = [
  "/",
  "/assets/",
  "/camera/",
  "/camera/mjpeg_stream/viewer/",
  "/blob/",
  "/thing_models/",
];
const UPS = [
  "../",
  "..%2f",
  "%2e%2e/",
  "%2e%2e%2f",
  "..%5c",
  "....//",
  "%252e%252e%252f",
  "/./../",
];
const TARGETS = [
  "package.json",
  "etc/passwd",
  "etc%2fpasswd",
  "/etc/passwd",
  "settings",
  "src/index.ts",
];
/** What only these files have in them. */
const CANARIES = ["node-api-headers", "root:x:", "export {"];

/** A path that a browser would tidy up and an attacker does not: three hundred of them and more. */
const traversals = STARTS.flatMap((start) =>
  UPS.flatMap((up) =>
    TARGETS.flatMap((target) => [1, 6].map((times) => start + up.repeat(times) + target)),
  ),
);

test("no path leads to a file of the machine, however it is written", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await microscopeFor(t);
  const refuses = async (path: string) => {
    const { status, text } = await ask(port, { path });
    assert.ok([307, 400, 404].includes(status), `${status} ${path}`);
    for (const canary of CANARIES) assert.ok(!text.includes(canary), `${path} gives a file`);
  };
  assert.ok(traversals.length >= 300);
  for (const path of traversals) await refuses(path);
  const word = fc.constantFrom(
    ...UPS,
    ...TARGETS,
    "%00",
    "~",
    "%c0%ae",
    "C:%5c",
    "file:",
    ";",
    "?",
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...STARTS),
      fc.array(word, { minLength: 3, maxLength: 8 }),
      async (start, words) => refuses(`${start}..${words.join("")}`),
    ),
    { numRuns: runs(200) },
  );
});
