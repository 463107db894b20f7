import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { packagePath } from "../../../src/base/package-root.ts";
import { TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { houseAt } from "./house.ts";
import { listenerAt, mosquitto } from "./mosquitto.ts";

const PYTHON = packagePath(".home-assistant", "bin", "python");

test("Home Assistant's own schemas accept each device, and its templates show each value", {
  timeout: TEST_MS,
  ...needsLong(),
}, async (t) => {
  const port = await mosquitto();
  const listener = await listenerAt(t, port, ["ha", "th"]);
  const { lamp } = await houseAt(t, port, { topic_prefix: "th", discovery_prefix: "ha" });
  lamp.flashed.emit({ count: 1 });
  await listener.until("th/lamp/events/flashed");
  await listener.until("th/lamp/properties/life");
  const configs = [...listener.values].filter(([topic]) => topic.endsWith("/config"));
  assert.equal(configs.length, 2);
  const { faults, states, commands } = await checked({
    messages: configs.map(([, message]) => JSON.parse(message)),
    values: Object.fromEntries(listener.values),
  });
  assert.deepEqual(faults, []);
  const { event_flashed: flashed, ...shown } = states;
  assert.deepEqual(JSON.parse(flashed!), { event_type: "flashed", data: { count: 1 } });
  const lampsOwn = Object.entries(shown).filter(([key]) => OF_LAMP.has(key));
  assert.deepEqual(Object.fromEntries(lampsOwn), Object.fromEntries(OF_LAMP));
  assert.deepEqual(
    [commands.property_label, commands.property_colour],
    [`"it's \\"so\\""`, `"it's \\"so\\""`],
  );
});

/** What Home Assistant shows of each value. */
const OF_LAMP = new Map([
  ["property_brightness", "10"],
  ["property_colour", "warm"],
  ["property_on", "false"],
  ["property_label", "desk"],
  ["property_flash", "5"],
  ["property_shade", "1"],
  ["property_pose", "upright"],
  ["property_temperature", "20.5"],
  ["property_hot", "OFF"],
  ["property_life_hours", "12"],
  ["property_life_since", "2026-01-02T03:04:05Z"],
  ["property_life_state", "good"],
  ["property_life_spare", "None"],
  ["property_life_tested", "None"],
]);

interface Checked {
  readonly faults: readonly string[];
  readonly states: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<string, string>>;
}

async function checked(given: object): Promise<Checked> {
  const script = packagePath("test", "interop", "mqtt", "discovery_schemas.py");
  const child = spawn(PYTHON, [script], { stdio: ["pipe", "pipe", "inherit"] });
  await once(child, "spawn").catch(() => {
    throw new Error("homeassistant is missing. Install it with: scripts/setup --house");
  });
  child.stdin.end(JSON.stringify(given));
  return JSON.parse(await text(child.stdout));
}
