import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { slot, Thing, ThingHost } from "thingscope";
import { TEST_MS } from "../limits.ts";

class Missing extends Thing {}

class Incomplete extends Thing {
  @slot("Nobody's", Missing) accessor missing!: Missing;
}

test("a Thing that fails at once lets none of those after it open before those before it", {
  timeout: TEST_MS,
}, async (t) => {
  const order: string[] = [];
  class Noted extends Thing {
    override async open(): Promise<void> {
      if (this.name === "first") await delay(100); // for as long, the last could overtake it
      order.push(this.name);
    }
  }
  const things = { first: new Noted(), incomplete: new Incomplete(), last: new Noted() };
  const host = await opened(t, things);
  assert.equal(host.get("incomplete").state, "failed");
  assert.deepEqual(order, ["first", "last"]);
});

test("a Thing whose open hangs keeps only those from opening that have it in a slot", {
  timeout: TEST_MS,
}, async (t) => {
  class Hanging extends Thing {
    override open(): Promise<void> {
      return new Promise(() => {});
    }
  }
  class Dependent extends Thing {
    @slot("What hangs", Hanging) accessor hanging!: Hanging;
  }
  class Healthy extends Thing {}
  const host = new ThingHost({ openWithinMs: 60_000 });
  t.after(() => host.close());
  host.add("hanging", new Hanging());
  host.add("dependent", new Dependent());
  const healthy = host.add("healthy", new Healthy());
  const isOpen = new Promise<void>((resolve) => {
    host.onState((hosted) => void (hosted === healthy && hosted.state === "open" && resolve()));
  });
  const opening = host.open();
  await isOpen;
  assert.equal(host.get("hanging").state, "opening");
  assert.equal(host.get("dependent").state, "opening");
  await host.close();
  await opening;
});

test("Things close in reverse order of opening", { timeout: TEST_MS }, async (t) => {
  const order: string[] = [];
  class Noted extends Thing {
    override close(): void {
      order.push(this.name);
    }
  }
  const host = await opened(t, { first: new Noted(), second: new Noted() });
  await host.close();
  assert.deepEqual(order, ["second", "first"]);
});

async function opened(
  t: { after(close: () => Promise<void>): void },
  things: Record<string, Thing>,
): Promise<ThingHost> {
  const host = new ThingHost();
  t.after(() => host.close());
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  await host.open();
  return host;
}
