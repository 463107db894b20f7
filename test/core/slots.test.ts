import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { slot, Thing, ThingHost } from "thingscope";
import type { AddOptions } from "../../src/core/host-options.ts";

class Lamp extends Thing {}
class RedLamp extends Lamp {}

class Rack extends Thing {
  @slot("One lamp", Lamp, { optional: true }) accessor spare: Lamp | undefined;
  @slot("All lamps", Lamp, { many: true }) accessor lamps!: ReadonlyMap<string, Lamp>;
}
class Panel extends Thing {
  @slot("The lamp", Lamp, { by: "a" }) accessor lamp!: Lamp;
}
class Hen extends Thing {
  @slot("Where it came from", Thing, { by: "egg" }) accessor egg!: Thing;
}
class Egg extends Thing {
  @slot("Where it came from", Hen) accessor hen!: Hen;
  #sawHen = false;
  get sawHen(): boolean {
    return this.#sawHen;
  }
  override open(): void {
    this.#sawHen = this.hen.egg === this;
  }
}

type Added = Record<string, Thing | [Thing, AddOptions["slots"]]>;

async function hostOf(things: Added): Promise<ThingHost> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (const [name, entry] of Object.entries(things)) {
    const [thing, slots] = Array.isArray(entry) ? entry : [entry, undefined];
    host.add(name, thing, slots ? { slots } : {});
  }
  await host.open();
  return host;
}

const reasonOf = (host: ThingHost, name: string) => host.get(name).reason ?? "it is open";

test("a slot takes what the configuration names: one, several, or none", async () => {
  const [a, b] = [new Lamp(), new RedLamp()];
  const rack = new Rack();
  await hostOf({ a, b, rack: [rack, { spare: "b", lamps: ["b", "a"] }] });
  assert.equal(rack.spare, b);
  assert.deepEqual(
    [...rack.lamps],
    [
      ["b", b],
      ["a", a],
    ],
  );
  const bare = new Rack();
  await hostOf({ a, b, rack: [bare, { spare: null, lamps: null }] });
  assert.deepEqual([bare.spare, bare.lamps.size], [undefined, 0]);
  const listed = new Rack();
  await hostOf({ a, b, rack: [listed, { spare: ["a"], lamps: "a" }] });
  assert.deepEqual([listed.spare, [...listed.lamps.keys()]], [a, ["a"]]);
});

test("a slot that nobody names takes all that fit, a Thing of a subclass too, but never its own Thing", async () => {
  class Chain extends Lamp {
    @slot("The others", Lamp, { many: true }) accessor others!: ReadonlyMap<string, Lamp>;
  }
  const chain = new Chain();
  await hostOf({ a: new Lamp(), chain, b: new RedLamp() });
  assert.deepEqual([...chain.others.keys()], ["a", "b"]);
});

test("a slot that cannot be filled says what would do, and opens nothing", async () => {
  const where = /in the configuration: things\.panel\.thing_slots\.lamp\.$/;
  const cases: [AddOptions["slots"], RegExp][] = [
    [{ lamp: null }, /needs a Lamp, but has none\. Add one and name it/],
    [{ lamp: ["a", "b"] }, /could be any of a, b\. Name one/],
    [
      { lamp: "c" },
      /names 'c', which is not among the Things \(a, b, rack, panel\)\. Correct the name/,
    ],
    [{ lamp: "rack" }, /names 'rack', which is a Rack, not a Lamp\. Name another/],
  ];
  for (const [slots, sentence] of cases) {
    const things = { a: new Lamp(), b: new Lamp(), rack: new Rack() };
    const { a, b, rack } = things;
    const host = await hostOf({ a, b, rack: [rack, { spare: null }], panel: [new Panel(), slots] });
    assert.match(reasonOf(host, "panel"), sentence);
    assert.match(reasonOf(host, "panel"), where);
    assert.equal(host.get("rack").state, "open");
  }
});

test("Things may be in each other's slots", async () => {
  const [hen, egg] = [new Hen(), new Egg()];
  const host = await hostOf({ hen, egg });
  assert.equal(hen.egg, egg);
  assert.equal(egg.hen, hen);
  assert.equal(reasonOf(host, "hen"), "it is open");
});

test("a Thing that opens may use what is behind its neighbour's slots, although that opens later", async () => {
  const egg = new Egg();
  await hostOf({ egg, hen: new Hen() });
  assert.ok(egg.sawHen);
});

test("a slot is read once it is connected, and never written", async () => {
  const panel = new Panel();
  assert.throws(() => panel.lamp, { code: "SLOT_NOT_CONNECTED", message: /from open\(\) on/ });
  await hostOf({ a: new Lamp(), panel });
  assert.throws(() => {
    panel.lamp = new Lamp();
  }, /is connected by the host/);
});
