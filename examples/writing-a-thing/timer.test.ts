import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingHost } from "thingscope";
import { Timer } from "./timer.ts";

test("the timer tells what is ready", async () => {
  const host = new ThingHost();
  host.add("timer", new Timer());
  await host.open();
  const timer = host.get("timer");
  await timer.writeProperty("tick", 1);
  const invocation = timer.invoke("count", { seconds: 2 });
  await invocation.ended;
  assert.equal(invocation.output, "The bread is ready.");
  await host.close();
});
