import assert from "node:assert/strict";
import { test } from "node:test";
import { configFrom } from "../../src/cli/config.ts";
import { parseConfigText } from "../../src/cli/config-text.ts";
import { loadClass } from "../../src/cli/load-class.ts";
import { Camera } from "../../src/instruments/camera.ts";
import * as things from "../../things/index.ts";
import { blocksOf, pageText } from "./page.ts";

const PAGE = pageText("cameras.md");
/** These have pages of their own, and no device. */
const ELSEWHERE = [
  "PipelineCamera",
  "ReplayCamera",
  "RemoteCamera",
  "SimulatedCamera",
  "TestCamera",
];

test("each configuration of docs/cameras.md makes its cameras", async () => {
  const made = new Set<string>();
  for (const { language, text } of blocksOf(PAGE)) {
    if (language !== "yaml") continue;
    const config = configFrom(parseConfigText(text, "lab.yaml").value, "/lab");
    for (const { class: reference, kwargs } of config.things.values()) {
      const CameraClass = await loadClass(reference, "/");
      assert.ok(new CameraClass(kwargs ?? {}) instanceof Camera, reference);
      made.add(CameraClass.name);
    }
  }
  for (const name of kinds()) assert.ok(made.has(name), `${name} has no configuration on the page`);
});

test("each kind of camera has a row in the tables of docs/cameras.md", () => {
  const [, tried = ""] = PAGE.split("## What was tried");
  for (const name of kinds()) {
    assert.match(PAGE, new RegExp(`^\\| .*\`${name}\`.*\\| `, "m"), name);
    assert.match(tried, new RegExp(`^\\| .*\`${name}\``, "m"), `${name}: what it was tried on`);
  }
});

function kinds(): string[] {
  return Object.entries(things)
    .filter(([name, kind]) => kind.prototype instanceof Camera && !ELSEWHERE.includes(name))
    .map(([name]) => name);
}
