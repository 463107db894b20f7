// What a Thing changes of itself while its properties are read, written and restored.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { delay, property, Thing } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { never } from "./gain-device.ts";

const timeout = TEST_MS;
const schema = Type.Number({ maximum: 10 });
const Numbers = Type.Number();
const wider = Type.Number({ maximum: 20 });

class Sample extends Thing {
  isOpen = false;
  readonly asked: unknown[] = [];

  @property("Level", schema, { get: "readLevel", set: "setLevel" }) get level(): number {
    return 1;
  }

  override open(): void {
    this.isOpen = true;
  }

  override close(): void {
    this.isOpen = false;
  }

  async readLevel(): Promise<number> {
    await delay(1);
    this.changeSchema("level", wider);
    return 15;
  }

  setLevel(level: number, signal: AbortSignal): Promise<void> {
    this.asked.push([level, this.isOpen]);
    return never(signal);
  }
}

test("a write that waits is refused when its property has become read-only", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample);
  const { thing, hosted } = bench;
  const added = { name: "gain", title: "Gain", schema, read: () => 1 };
  let end = () => {};
  const written = () => new Promise<void>((resolve) => (end = resolve));
  thing.addProperty({ ...added, write: written, initial: 0 });
  const first = hosted.writeProperty("gain", 1);
  const others = [hosted.writeProperty("gain", 2), hosted.resetProperty("gain")];
  const refused = others.map((other) =>
    assert.rejects(other, {
      code: "READ_ONLY",
      message: "Property 'gain' of Thing 'thing' is read-only now.",
    }),
  );
  await new Promise((next) => setImmediate(next));
  thing.addProperty(added);
  end();
  await first;
  await Promise.all(refused);
});

test("reset writes an initial value of null", { timeout }, async () => {
  await using bench = await openTestHost(Sample);
  const values: unknown[] = [];
  const orNone = Type.Union([Type.Number(), Type.Null()]);
  const write = (value: number | null) => void values.push(value);
  const target = { name: "target", title: "Target", schema: orNone, read: () => 1, write };
  bench.thing.addProperty({ ...target, initial: null });
  await bench.hosted.resetProperty("target");
  assert.deepEqual(values, [null]);
});

test("limits that move while the device is asked do not make its answer a fault", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample);
  const { thing, hosted, log } = bench;
  assert.equal(await hosted.readProperty("level"), 15);
  const narrowed = async () => {
    await delay(1);
    thing.changeSchema("gain", schema);
    return 15;
  };
  thing.addProperty({ name: "gain", title: "Gain", schema: wider, read: narrowed });
  assert.equal(await hosted.readProperty("gain"), 15);
  await assert.rejects(hosted.readProperty("gain"), { code: "INVALID_OUTPUT" });
  assert.equal(log.of("error").length, 1, JSON.stringify(log.lines));
});

test("a saved property that comes while others are restored is restored, too", {
  timeout,
}, async () => {
  const set: unknown[] = [];
  class Modes extends Thing {
    override open(): void {
      const write = async (mode: string) => {
        set.push(mode);
        await delay(1);
        this.addProperty({
          ...{ name: "extra", title: "Extra", schema, saved: true, read: () => 1 },
          write: (extra) => void set.push(extra),
        });
      };
      const mode = { name: "mode", title: "Mode", schema: Type.String(), saved: true };
      this.addProperty({ ...mode, read: () => "fast", write });
    }
  }
  await using _ = await openTestHost(Modes, { settings: { mode: "fast", extra: 7 } });
  assert.deepEqual(set, ["fast", 7]);
});

test("a read that finds the cable out ends at once, and its signal aborts", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample, { host: { reopenAfterMs: [60_000, 60_000] } });
  const { thing, hosted } = bench;
  const aborted: boolean[] = [];
  const read = (signal: AbortSignal): Promise<number> => {
    thing.context.disconnected("The cable is out.");
    aborted.push(signal.aborted);
    return new Promise(() => {});
  };
  thing.addProperty({ name: "gain", title: "Gain", schema, read, withinMs: 2 * TEST_MS });
  await assert.rejects(hosted.readProperty("gain"), /it is disconnected: The cable is out/);
  assert.deepEqual(aborted, [true]);
});

test("writes that wait for a method that sets do not reach a Thing that has closed", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample);
  const { thing, hosted, host } = bench;
  const refused = [1, 2, 3].map((level) =>
    assert.rejects(hosted.writeProperty("level", level), { code: "NOT_READY" }),
  );
  while (thing.asked.length === 0) await new Promise((next) => setImmediate(next));
  await host.close();
  await Promise.all(refused);
  assert.deepEqual(thing.asked, [[1, true]]);
});

test("a schema that cannot be used is refused as one each time, with an initial value and without", () => {
  const thing = new Sample();
  const of = (unfit: unknown) => ({ ...added, schema: unfit as typeof schema });
  const added = { name: "gain", title: "Gain", read: () => 1, write() {} };
  for (const unfit of [
    Type.Number({ minimum: Number.NaN }),
    Type.String({ pattern: "(?=x)" }),
    { type: "object", required: ["a", "a"] },
    { type: "number", $async: true },
    Type.Number({ exclusiveMinimum: 2, exclusiveMaximum: 1 }),
    { type: "banana" },
  ]) {
    for (const given of [of(unfit), { ...of(unfit), initial: 1 }, of(unfit)])
      assert.throws(() => thing.addProperty(given), { code: "BAD_ARGUMENT" });
  }
});

test("what a client has set is not set back to what was saved", { timeout }, async () => {
  await using bench = await openTestHost(Sample, { settings: { slow: 1, quick: 3, mode: 1 } });
  const { thing, hosted } = bench;
  const saved = { title: "Saved", schema, saved: true };
  const set: unknown[] = [];
  let end = () => {};
  const written = () => new Promise<void>((resolve) => (end = resolve));
  thing.addProperty({ ...saved, name: "slow", read: () => 1, write: written });
  const quick = { read: () => 9, write: (value: number) => void set.push(value) };
  thing.addProperty({ ...saved, name: "quick", ...quick });
  await hosted.writeProperty("quick", 9);
  end();
  await bench.host.close();
  assert.deepEqual(set, [9]);
  await bench.host.open();
  const modes: number[] = [];
  /** Another mode has other controls: all are made anew, this one, too. */
  const addMode = () =>
    thing.addProperty({
      ...{ ...saved, name: "mode", read: () => modes.at(-1) ?? 0 },
      async write(mode) {
        modes.push(mode);
        await delay(1);
        thing.removeProperty("mode");
        addMode();
      },
    });
  addMode();
  while (modes.length === 0) await new Promise((next) => setImmediate(next));
  await hosted.writeProperty("mode", 2);
  await bench.host.close();
  assert.deepEqual(modes, [1, 2]);
});

test("a flood of changes asks the device a hundred times at once, and tells the newest value last", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample);
  const { thing, hosted } = bench;
  let [asked, most, level] = [0, 0, 0];
  const read = async () => {
    asked += 1;
    most = Math.max(most, asked);
    const value = level;
    await delay(1);
    asked -= 1;
    return value;
  };
  thing.addProperty({ name: "gain", title: "Gain", schema: Numbers, observable: true, read });
  const newest = new Promise<void>((resolve) =>
    hosted.onChange((_, value) => value === 5000 && resolve()),
  );
  for (; level < 5000; level++) thing.changed("gain");
  thing.changed("gain");
  await newest;
  assert.equal(most, 100);
});

test("a read that says itself that its value has changed is told and saved, and comes to an end", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Sample);
  const { thing, hosted } = bench;
  let [reads, level] = [0, 1];
  const heard: unknown[] = [];
  hosted.onChange((_, value) => heard.push(value));
  const announce = () => thing.changed("gain");
  thing.addProperty({
    ...{ name: "gain", title: "Gain", schema: Numbers, observable: true, saved: true, initial: 1 },
    read: async () => {
      reads += 1;
      if (reads > 100) return level; // else a fault would go on for ever
      announce();
      await delay(1);
      announce();
      return level;
    },
    write: () => {},
  });
  const rests = async () => {
    for (let before = -1; before !== reads; await delay(50)) before = reads;
  };
  announce();
  await eventually(() => heard.length > 0);
  await rests();
  assert.deepEqual([heard, reads <= 3], [[1], true], `${reads} reads`);
  level = 2;
  await hosted.readProperty("gain"); // its client has it, and the others hear of it
  await eventually(() => heard.at(-1) === 2);
  await rests();
  assert.equal(heard.at(-1), 2);
  const isSaved = (saved: unknown) => isDeepStrictEqual(saved, { gain: 2 });
  while (!isSaved(await bench.savedSettings())) await delay(5);
});
