import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { nodeWot } from "./node-wot.ts";
import { serveInstrument } from "./serving.ts";

test("node-wot 0.9.2 explores the directory from the well-known address, and consumes what it finds", {
  timeout: TEST_MS,
}, async (t) => {
  for (const api_prefix of ["", "/api/v3"]) {
    const { url } = await serveInstrument(t, { api_prefix });
    const wot = await nodeWot(t);
    const titles: unknown[] = [];
    let gain: unknown;
    for await (const description of await wot.exploreDirectory(`${url}/.well-known/wot`)) {
      titles.push(description.title);
      if (description.title !== "Instrument") continue;
      const instrument = await wot.consume(description);
      await instrument.writeProperty("gain", 2.5);
      gain = await (await instrument.readProperty("gain")).value();
    }
    assert.deepEqual(titles.sort(), [
      "Autofocus",
      "Instrument",
      "Simulated camera",
      "Simulated stage",
    ]);
    assert.equal(gain, 2.5);
  }
});
