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
