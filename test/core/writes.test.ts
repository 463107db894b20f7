// The way of a write: set once, told once, saved once, whoever writes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { Amp, Cautious, opened } from "./written-amp.ts";

const timeout = TEST_MS;

for (const Class of [Amp, Cautious])
  test(`a setting of ${Class.name} that a client writes is told once and saved once`, {
    timeout,
  }, async () => {
    const { host, amp, heard, saved } = await opened(new Class());
    await amp.writeProperty("label", "left");
    await amp.writeProperty("label", "right");
    assert.deepEqual(heard, [
      ["label", "left"],
      ["label", "right"],
    ]);
    assert.deepEqual([(await saved()).label, (await saved(".prev")).label], ["right", "left"]);
    await amp.resetProperty("label");
    assert.deepEqual([heard.length, (await saved(".prev")).label], [3, "right"]);
    await host.close();
  });

test("what a Thing's own code sets is told each time, and saved once for all that it sets at once", {
  timeout,
}, async () => {
  const { host, amp, thing, heard, saved } = await opened();
  await amp.writeProperty("label", "before");
  for (const label of ["a", "b", "c"]) thing.label = label;
  thing.limits = { low: 2 };
  await amp.settings.idle();
  assert.deepEqual(heard.slice(1), [
    ["label", "a"],
    ["label", "b"],
    ["label", "c"],
    ["limits", { low: 2 }],
  ]);
  assert.deepEqual([(await saved()).label, (await saved(".prev")).label], ["c", "before"]);
  await host.close();
});

test("several properties are told in order and saved once", {
  timeout,
}, async () => {
  const { host, amp, heard, saved } = await opened();
  await amp.writeProperty("label", "before");
  await amp.writeProperties({ depth: 3, label: "after", gain: 50 });
  assert.deepEqual(heard.slice(1), [
    ["depth", 3],
    ["power", 2],
    ["label", "after"],
    ["gain", 10],
    ["power", 20],
  ]);
  assert.deepEqual([(await saved()).label, (await saved(".prev")).label], ["after", "before"]);
  await host.close();
});

test("what one of several properties refuses leaves the file as it was", { timeout }, async () => {
  const { host, amp, thing, heard, saved } = await opened();
  await amp.writeProperty("label", "before");
  thing.beforeRefusing = async () => {
    thing.note = "saved by the Thing itself";
    await amp.settings.idle();
    assert.equal((await saved()).label, "after");
  };
  await assert.rejects(
    amp.writeProperties({ depth: 3, label: "after", refused: 1 }),
    /Restored: label, depth\./,
  );
  await amp.settings.idle();
  assert.deepEqual([thing.label, thing.depth, (await saved()).label], ["before", 0, "before"]);
  assert.deepEqual(heard.at(-2), ["depth", 0]);
  assert.equal((await saved()).note, "saved by the Thing itself");
  await host.close();
});

test("a setter that announces what it does is not announced again", { timeout }, async () => {
  const { host, amp, heard } = await opened();
  await amp.writeProperty("gain", 50);
  await amp.writeProperty("depth", 5);
  assert.deepEqual(heard, [
    ["gain", 10],
    ["power", 20],
    ["depth", 5],
    ["power", 20],
  ]);
  await host.close();
});

test("observers end with the value that a property has, although its setter told them too early", {
  timeout,
}, async () => {
  const { host, amp, heard } = await opened();
  await amp.writeProperty("early", 7);
  assert.deepEqual(heard.at(-1), ["early", 7]);
  await host.close();
});

test("an observer that sets the property it is told of is told after the others", {
  timeout,
}, async () => {
  const { host, amp, thing, heard } = await opened();
  amp.onChange((name, value) => {
    if (name === "label" && value === "two") thing.label = "one";
  });
  const later: unknown[] = [];
  amp.onChange((_, value) => later.push(value));
  await amp.writeProperty("label", "two");
  assert.deepEqual(later, ["two", "one"]);
  assert.deepEqual(heard, [
    ["label", "two"],
    ["label", "one"],
  ]);
  await host.close();
});

test("observers that set a property each time they are told of it come to an end, and the log says so", {
  timeout,
}, async () => {
  const { host, amp, thing, heard, lines } = await opened();
  amp.onChange((name, value) => {
    if (name === "label") thing.label = `${value}.`;
  });
  thing.label = "";
  assert.ok(heard.length <= 1000, `${heard.length}`);
  assert.match(lines.join("\n"), /Observers of Thing 'amp' set its properties each time/);
  thing.limits = { low: 3 };
  assert.deepEqual(heard.at(-1), ["limits", { low: 3 }]);
  await host.close();
});

test("values of an async getter are told in the order in which they came about", {
  timeout,
}, async () => {
  const { host, thing, heard } = await opened();
  let first = (_: number) => {};
  thing.answers = [new Promise<number>((resolve) => (first = resolve)), Promise.resolve(2)];
  thing.changed("late");
  thing.changed("late");
  await new Promise((resolve) => setImmediate(resolve));
  first(1);
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(heard, [
    ["late", 1],
    ["late", 2],
  ]);
  await host.close();
});

test("who writes a value keeps it: what becomes of it later is nothing to the Thing", {
  timeout,
}, async () => {
  const { host, amp, thing, saved } = await opened();
  const limits = { low: 2 };
  await amp.writeProperty("limits", limits);
  limits.low = 99;
  assert.deepEqual(await amp.readProperty("limits"), { low: 2 });
  limits.low = 3;
  thing.limits = limits;
  limits.low = 99;
  await amp.settings.idle();
  assert.deepEqual([await amp.readProperty("limits"), (await saved()).limits.low], [{ low: 3 }, 3]);
  await host.close();
});

test("what a constructor gives to a property is held to its schema, with the name of the class", () => {
  class Loud extends Amp {
    constructor({ low }: { low: number }) {
      super();
      this.limits = { low };
    }
  }
  assert.throws(() => new Loud({ low: 11 }), {
    code: "INVALID_INPUT",
    message:
      "Property 'limits' of Loud was not set: 'low' should be less than or equal to 10, but is 11.",
  });
});
