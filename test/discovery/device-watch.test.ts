import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { DeviceWatch } from "../../src/discovery/device-watch.ts";
import { FakeSystem } from "./fake-system.ts";

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;

test("a watch that is stopped while it starts, or started twice, leaves no timer behind", async () => {
  const { roots } = await FakeSystem.create();
  const watch = new DeviceWatch(roots, silentLog, () => {});
  const before = timers();
  const starting = watch.start();
  watch.stop();
  await starting;
  assert.equal(timers(), before);
  await Promise.all([watch.start(), watch.start()]);
  assert.equal(timers(), before + 1);
  watch.stop();
  assert.equal(timers(), before);
});
