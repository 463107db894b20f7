import assert from "node:assert/strict";
import { test } from "node:test";
import { delay, property, Thing, ThingError } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";
import { served } from "../thing-bench.ts";

class Lamp extends Thing {
  #gain = 1;
  @property("Gain", Type.Number(), { set: "setGain" }) get gain(): number {
    return this.#gain;
  }
  async setGain(gain: number): Promise<void> {
    await delay(5);
    if (gain > 100) throw new ThingError("INVALID_INPUT", "In this mode the gain is 100 at most.");
    if (gain < 0) throw new Error("The device refused it.");
    this.#gain = gain;
  }
  @property("Left floating", Type.Number()) get floating(): number {
    return 1;
  }
  set floating(_: number) {
    void (async () => {
      await delay(5);
      throw new Error("The device refused it later.");
    })();
  }
}

test("who writes waits for a setter that takes time, and hears what the device refuses", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, json } = await served(t, { lamp: new Lamp() });
  const headers = { "content-type": "application/json" };
  const write = async (path: string, body: string) => {
    const { status, text } = await ask(port, { method: "PUT", path, headers, body });
    return status === 204 ? [status] : [status, JSON.parse(text).code, JSON.parse(text).detail];
  };
  const failed = "of Thing 'lamp' could not be set:";
  assert.deepEqual(await write("/lamp/gain", "50"), [204]);
  assert.equal(await json("/lamp/gain"), 50);
  const tooMuch = `Property 'gain' ${failed} In this mode the gain is 100 at most.`;
  assert.deepEqual(await write("/lamp/gain", "500"), [422, "INVALID_INPUT", tooMuch]);
  const refused = `Property 'gain' ${failed} The device refused it.`;
  assert.deepEqual(await write("/lamp/gain", "-1"), [500, "PROPERTY_FAILED", refused]);
  const later = `Property 'floating' ${failed} The device refused it later.`;
  assert.deepEqual(await write("/lamp/floating", "5"), [500, "PROPERTY_FAILED", later]);
  assert.equal(await json("/lamp/gain"), 50);
});
