import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { curl } from "./curl.ts";
import { blocksOf, pageText } from "./page.ts";

test("the commands of docs/pythiags.md serve a probe, hear of what it finds, and let it rest", {
  timeout: TEST_MS,
}, async (t) => {
  const block = blocksOf(pageText("pythiags.md")).find(({ language }) => language === "sh");
  const [serve, hear, count, rest] = block!.text.trim().split("\n");
  assert.equal(serve, "npx thingscope serve examples/pythiags/probe.yaml");
  const files = ["probe.yaml", "brightness.ts"].map(async (name) => [
    name,
    await readFile(packagePath("examples", "pythiags", name), "utf8"),
  ]);
  const folder = await folderWith(Object.fromEntries(await Promise.all(files)));
  await install(folder);
  const { url } = await serveCli(t, folder, "probe.yaml");
  const answerOf = async (command = "") => {
    const response = await curl(command.replace("http://127.0.0.1:5000", url));
    assert.ok(response.ok, `${command}: ${response.status}`);
    return response.status === 204 ? undefined : response.json();
  };
  const { camera, index, events } = (await answerOf(hear)) as {
    camera: string;
    index: number;
    events: { brightness: number }[];
  };
  assert.deepEqual([camera, index % 5], ["camera", 0]);
  assert.ok(events[0]!.brightness > 0 && events[0]!.brightness < 256);
  const { frames, consumed, untold } = (await answerOf(count)) as Record<string, number>;
  assert.ok(frames! > 0 && consumed! > 0);
  assert.equal(untold, 0);
  const file = join(folder, "brightness.jsonl");
  await eventually(() => existsSync(file) && readFileSync(file, "utf8").includes("\n"));
  const lines = readFileSync(file, "utf8").split("\n");
  assert.deepEqual(Object.keys(JSON.parse(lines[0]!)), [
    "camera",
    "run",
    "index",
    "capturedAt",
    "event",
  ]);
  await answerOf(rest);
  assert.equal(await (await fetch(`${url}/brightness/active`)).json(), false);
});
