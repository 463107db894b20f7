import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ThingClient } from "../../src/client/index.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

const long = process.env.THINGSCOPE_LONG === "1";
const FLOODS = long ? 60 : 5;
const MOST_BYTES = 1_000_000; // a minute of log, whatever floods

test("F50: the same complaint, ten thousand times in each of many actions, is folded and counted, on the output and in the files", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "lab.yaml":
      "things:\n  faulty: {class: thingscope/testing:FaultyThing, kwargs: {at: action, kind: floods}}\n",
  });
  await install(folder);
  const server = await serveCli(t, folder, "lab.yaml");
  const faulty = await ThingClient.connect(`${server.url}/faulty/`);
  const start = performance.now();
  for (let n = 0; n < FLOODS; n++) await faulty.invoke("act").catch(() => {});
  const seconds = (performance.now() - start) / 1000;
  assert.equal(await server.stop(), 0);
  const written = server.lines.reduce((sum, line) => sum + JSON.stringify(line).length, 0);
  const logs = join(folder, "settings", "logs");
  const sizes = (await readdir(logs)).map(async (name) => (await stat(join(logs, name))).size);
  const kept = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  t.diagnostic(
    `${FLOODS * 10_000} complaints in ${seconds.toFixed(1)} s: ${written} bytes written, ${kept} in files`,
  );
  const most = MOST_BYTES * Math.max(1, seconds / 60);
  assert.ok(written < most, `${written} bytes on the output`);
  assert.ok(kept < most, `${kept} bytes in files`);
  const counted = server.lines.filter(({ msg }) => /\d+ more/.test(msg));
  assert.ok(
    counted.length > 0,
    `No line says how many more: ${JSON.stringify(server.lines.slice(-5))}`,
  );
});
