// Values of several properties that depend on one another: each is set when it fits, or none is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { property, Thing, ThingHost } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

/** A range whose ends limit one another, and a name that keeps what it is given. */
class Range extends Thing {
  readonly set: string[] = [];
  ends = { low: 0, high: 10 };
  @property("Name", Type.String({ maxLength: 5 })) accessor label = "range";
  @property("Low end", Type.Number({ maximum: 10 }), { set: "setLow" }) get low(): number {
    return this.ends.low;
  }
  @property("High end", Type.Number({ minimum: 0 }), { set: "setHigh" }) get high(): number {
    return this.ends.high;
  }
  @property("Note", Type.Number({ maximum: 1 })) accessor note = 0;
  setLow(low: number): void {
    this.set.push(`low ${low}`);
    this.ends.low = low;
    this.changeSchema("high", Type.Number({ minimum: low }));
  }
  async setHigh(high: number): Promise<void> {
    this.set.push(`high ${high}`);
    await Promise.resolve();
    this.ends.high = high;
    this.changeSchema("low", Type.Number({ maximum: high }));
  }
}

for (const [values, order] of [
  [{ low: 20, high: 30 }, ["high 30", "low 20"]],
  [{ high: 30, low: 20 }, ["high 30", "low 20"]],
  [{ low: -5, high: -2 }, ["low -5", "high -2"]],
  [{ high: -2, low: -5 }, ["low -5", "high -2"]],
  [{ high: 7, label: "new", low: 6 }, ["high 7", "low 6"]],
] as const)
  test(`${JSON.stringify(values)} is set in the order that works`, { timeout }, async () => {
    await using bench = await openTestHost(Range);
    const { thing, hosted } = bench;
    await hosted.writeProperties(values);
    assert.deepEqual(thing.set, order);
    assert.deepEqual(thing.ends, { low: values.low, high: values.high });
  });

test("where no order works, what was set is restored, and the answer says what does not fit what", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Range);
  const { thing, hosted } = bench;
  await assert.rejects(hosted.writeProperties({ low: 20, high: 15 }), {
    code: "INVALID_INPUT",
    message:
      "The values for Thing 'thing' do not fit one another: 'low' should be less than or equal to 15, but is 20, also after 'high' was set. Restored: high.",
    faults: [
      {
        type: "less_than_equal",
        loc: ["body", "low"],
        msg: "Input should be less than or equal to 15",
        ctx: { le: 15 },
        input: 20,
      },
    ],
  });
  assert.deepEqual(thing.ends, { low: 0, high: 10 });
  await assert.rejects(hosted.writeProperties({ high: 8, low: 9 }), /Restored: high\./);
  assert.deepEqual(thing.ends, { low: 0, high: 10 });
});

test("what nothing can move is refused before anything is set", { timeout }, async () => {
  await using bench = await openTestHost(Range);
  const { thing, hosted } = bench;
  for (const values of [
    { high: 30, low: "20" }, // of another type
    { high: 30, none: 1 },
    { label: "new", note: 7 }, // whose values are only kept
    { low: 20 },
  ])
    await assert.rejects(hosted.writeProperties(values), ({ message }: Error) =>
      /^No property of Thing 'thing' was set: |has no property 'none'/.test(message),
    );
  assert.deepEqual([thing.set, thing.label], [[], "range"]);
});

test("values that come while a Thing opens are looked at when its limits are known", {
  timeout,
}, async () => {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  class Late extends Range {
    override async open(): Promise<void> {
      await opened;
      this.changeSchema("low", Type.Number({ maximum: 100 }));
    }
  }
  const host = new ThingHost();
  const thing = new Late();
  const hosted = host.add("range", thing);
  const opening = host.open();
  while (hosted.state !== "opening") await new Promise((next) => setImmediate(next));
  const writes = [hosted.writeProperty("low", 50), hosted.writeProperties({ low: 60 })];
  open();
  await Promise.all([...writes, opening]);
  assert.deepEqual(thing.set, ["low 50", "low 60"]);
  await host.close();
});
