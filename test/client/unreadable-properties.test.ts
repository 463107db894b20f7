import assert from "node:assert/strict";
import { test } from "node:test";
import { property, Thing } from "thingscope";
import { ThingClient } from "thingscope/client";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { served } from "../server/thing-bench.ts";

class Thermometer extends Thing {
  @property("Level", Type.Integer()) accessor level = 1;
  @property("Temperature", Type.Number(), { readOnly: true }) get temperature(): number {
    throw new Error("Plug its cable in.");
  }
}

test("reading all properties fails with the reason of one that cannot be read, or names it", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await served(t, { thermometer: new Thermometer() });
  const client = await ThingClient.connect(`${url}/thermometer/`);
  await assert.rejects(client.readAll(), /'temperature' .*Plug its cable in\./);
  const failed: string[] = [];
  const values = await client.readAll({
    onFailure: (name, error) => failed.push(`${name}: ${error.message}`),
  });
  assert.deepEqual(values, { level: 1 });
  assert.equal(failed.length, 1);
  assert.match(failed[0]!, /^temperature: .*Plug its cable in\./);
});
