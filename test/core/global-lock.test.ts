import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  action,
  delay,
  type HostOptions,
  type Invocation,
  property,
  setting,
  Thing,
  ThingHost,
} from "thingscope";
import { Type } from "typebox";
import { logTo } from "../../src/base/log.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

class Stage extends Thing {
  @setting("Backlash", Type.Integer()) accessor backlash = 0;
  @property("Speed", Type.Integer()) accessor speed = 1;
  @property("Brightness of its lamp", Type.Integer(), { useGlobalLock: false }) accessor lamp = 1;
  @action("Move until cancelled") async move(
    _: Record<string, never>,
    { signal }: Invocation,
  ): Promise<void> {
    await delay(60_000, signal);
  }
  @action("Say where it is", { output: Type.Integer(), useGlobalLock: false }) where(): number {
    return 7;
  }
}

async function stageIn(options: HostOptions = {}) {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder, enableGlobalLock: true, ...options });
  host.add("stage", new Stage());
  await host.open();
  return { host, stage: host.get("stage") };
}

test("while an action holds the lock, writes and resets are refused, reads and what does not use it are not", {
  timeout,
}, async () => {
  const { host, stage } = await stageIn();
  const moving = stage.invoke("move", {});
  const busy = { code: "LOCK_BUSY" };
  await assert.rejects(stage.writeProperty("speed", 2), busy);
  await assert.rejects(stage.writeProperty("backlash", 2), busy);
  await assert.rejects(stage.resetProperty("speed"), busy);
  await assert.rejects(stage.writeProperties({ lamp: 3, speed: 3 }), busy);
  await stage.writeProperty("lamp", 2);
  const where = stage.invoke("where", {});
  await where.ended;
  assert.deepEqual(
    [await stage.readProperty("speed"), await stage.readProperty("lamp"), where.output],
    [1, 2, 7],
  );
  moving.cancel();
  await moving.ended;
  await stage.writeProperty("backlash", 2);
  assert.equal(await stage.readProperty("backlash"), 2);
  await host.close();
});

test("an action that finds the lock held says so once, at the level that is configured, and is no fault", {
  timeout,
}, async () => {
  for (const [globalLockLogLevel, level] of [
    [undefined, "info"],
    ["warn", "warn"],
  ] as const) {
    const lines: string[] = [];
    const log = logTo((at, message) => lines.push(`${at} ${message}`));
    const { host, stage } = await stageIn({
      log,
      ...(globalLockLogLevel && { globalLockLogLevel }),
    });
    stage.invoke("move", {});
    const refused = stage.invoke("move", {});
    await refused.ended;
    assert.equal(refused.status, "error");
    assert.equal(refused.timeStarted, undefined);
    const told = refused.log.map(({ levelname, traceback }) => [levelname, traceback]);
    assert.deepEqual(told, [[level === "info" ? "INFO" : "WARNING", null]]);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, new RegExp(`^${level} stage: Action 'move' failed: The global lock`));
    await host.close();
  }
});

test("an action that is cancelled while it waits for the lock never starts", {
  timeout,
}, async () => {
  const { host, stage } = await stageIn();
  const first = stage.invoke("move", {});
  const second = stage.invoke("move", {});
  second.cancel();
  first.cancel();
  await Promise.all([first.ended, second.ended]);
  assert.deepEqual([second.status, second.timeStarted], ["cancelled", undefined]);
  await host.close();
});
