// A write that does not end when its signal aborts: what is written next reaches the device after it, or not at all.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { property, Thing } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { limitHits } from "../../src/base/limit-hits.ts";
import { LATE_WRITE_MS, LateWrites } from "../../src/core/late-writes.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const late = { code: "NOT_READY", message: /did not answer within 0\.02 s/ };

/** Has one property of each kind, and heeds no signal: a write ends when the test ends it. */
class Deaf extends Thing {
  readonly taken: number[] = [];
  readonly #under: (() => void)[] = [];
  isSlow = true;

  @property("Decorated", Type.Number(), { set: "setGain", withinMs: 20 })
  get decorated(): number {
    return this.taken.at(-1) ?? 0;
  }

  override open(): void {
    this.addProperty({
      ...{ name: "added", title: "Added", schema: Type.Number(), withinMs: 20 },
      read: () => this.taken.at(-1) ?? 0,
      write: (value) => this.setGain(value),
    });
  }

  async setGain(value: number): Promise<void> {
    if (this.isSlow) await new Promise<void>((resolve) => this.#under.push(resolve));
    this.taken.push(value);
  }

  end(): void {
    this.isSlow = false;
    for (const end of this.#under.splice(0)) end();
  }
}

for (const name of ["decorated", "added"])
  test(`a write of a property (${name}) waits for one that goes on after its time, and is refused when that takes too long`, {
    timeout,
  }, async () => {
    await using bench = await openTestHost(Deaf);
    const { hosted, thing } = bench;
    await assert.rejects(hosted.writeProperty(name, 1), late);
    await assert.rejects(hosted.writeProperty(name, 2), {
      code: "NOT_READY",
      message: `Property '${name}' of Thing '${hosted.name}' was not set: an earlier write of it timed out, is still under way and could undo this one. Try again in a moment.`,
    });
    const third = hosted.writeProperty(name, 3);
    thing.end();
    await third;
    assert.deepEqual(thing.taken, [1, 3]);
    await hosted.writeProperty(name, 4);
    assert.deepEqual(thing.taken, [1, 3, 4]);
  });

test("values of a failed write of several that are restored do not overtake it either", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Deaf);
  const { hosted, thing } = bench;
  thing.isSlow = false;
  await hosted.writeProperties({ decorated: 1, added: 2 });
  thing.isSlow = true;
  await assert.rejects(hosted.writeProperties({ added: 3 }), /Nothing was changed\./);
  thing.end();
  await hosted.writeProperty("added", 4);
  assert.deepEqual(thing.taken, [1, 2, 3, 4]);
});

test("a Thing that is opened anew waits for nothing that it had begun before", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Deaf, { host: { reopenAfterMs: [1, 1] } });
  const { hosted, thing, host } = bench;
  await assert.rejects(hosted.writeProperty("added", 1), late);
  const waiting = assert.rejects(hosted.writeProperty("added", 2), { code: "NOT_READY" });
  const reopened = new Promise<void>((resolve) => {
    host.onState(({ state }) => state === "open" && resolve());
  });
  thing.context.disconnected("The cable is out.");
  await waiting;
  await reopened;
  thing.isSlow = false;
  await hosted.writeProperty("added", 3);
  assert.deepEqual(thing.taken, [3]);
});

test("a write that never ends is waited for up to a bound, which is counted and said once", (t: TestContext) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const said: string[] = [];
  const writes = new LateWrites((property, sentence) => said.push(`${property}: ${sentence}`));
  const before = limitHits().get("late_writes") ?? 0;
  writes.note("gain", new Promise(() => {}));
  assert.notEqual(writes.of("gain"), undefined);
  t.mock.timers.tick(LATE_WRITE_MS - 1);
  assert.notEqual(writes.of("gain"), undefined);
  t.mock.timers.tick(1);
  assert.equal(writes.of("gain"), undefined);
  assert.deepEqual(said, [
    "gain: A write of property 'gain' has not ended 60 s after its time was up: later ones do not wait for it any more, and it may reach the device after them. End it when its signal aborts.",
  ]);
  assert.equal(limitHits().get("late_writes"), before + 1);
});
