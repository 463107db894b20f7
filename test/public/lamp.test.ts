import assert from "node:assert/strict";
import { test } from "node:test";
import { pageModule } from "./page-module.ts";

interface Lamp {
  readonly state: string;
  readonly word: string;
  readonly reason?: string;
}
const { lampOf, lampOfAll } = await pageModule<{
  lampOf(health: unknown): Lamp;
  lampOfAll(things: (readonly [string, Lamp])[], reasons: readonly string[]): Lamp;
}>("things/lamp");

const reason = "The camera is unplugged. Plug it in.";

/** What the server says of a Thing, and what its lamp says. */
const TABLE: readonly (readonly [health: unknown, lamp: Lamp])[] = [
  [undefined, { state: "starting", word: "Starting" }],
  [{ state: "opening" }, { state: "starting", word: "Starting" }],
  [{ state: "open" }, { state: "live", word: "Ready" }],
  [
    { state: "open", streams: { live: { state: "streaming" } } },
    { state: "live", word: "Live" },
  ],
  [
    { state: "open", streams: { live: { state: "idle" } } },
    { state: "idle", word: "Idle" },
  ],
  [
    { state: "open", streams: { live: { state: "opening" }, other: { state: "idle" } } },
    { state: "starting", word: "Starting" },
  ],
  [
    { state: "open", streams: { a: { state: "streaming" }, b: { state: "disconnected", reason } } },
    { state: "failed", word: "Disconnected", reason },
  ],
  [
    { state: "open", streams: { live: { state: "stalled", reason } } },
    { state: "failed", word: "Stalled", reason },
  ],
  [
    { state: "open", streams: { live: { state: "failed", reason } } },
    { state: "failed", word: "Failed", reason },
  ],
  [
    { state: "open", troubles: ["The disk is gone.", "Its settings are not saved."] },
    {
      state: "degraded",
      word: "Degraded",
      reason: "The disk is gone. Its settings are not saved.",
    },
  ],
  [
    { state: "open", troubles: ["The disk is gone."], streams: { live: { state: "streaming" } } },
    { state: "degraded", word: "Degraded", reason: "The disk is gone." },
  ],
  [
    { state: "open", troubles: ["It is gone."], streams: { live: { state: "stalled", reason } } },
    { state: "failed", word: "Stalled", reason },
  ],
  [
    { state: "failed", reason },
    { state: "failed", word: "Failed", reason },
  ],
  [
    { state: "disconnected", reason },
    { state: "failed", word: "Disconnected", reason },
  ],
  [{ state: "closed" }, { state: "failed", word: "Closed" }],
];

for (const [health, lamp] of TABLE) {
  test(`a Thing of which the server says ${JSON.stringify(health)} has the lamp '${lamp.word}'`, () => {
    assert.deepEqual(lampOf(health), lamp);
  });
}

test("the lamp of the whole is never better than the worst of them", () => {
  const live = lampOf({ state: "open", streams: { live: { state: "streaming" } } });
  const starting = lampOf({ state: "opening" });
  const failed = lampOf({ state: "failed", reason });
  assert.equal(lampOfAll([["a", live]], []).state, "live");
  assert.deepEqual(lampOfAll([["a", live]], ["The disk is full."]), {
    ...{ state: "degraded", word: "Degraded", reason: "The disk is full." },
  });
  const rest = [
    ["a", live],
    ["b", starting],
  ] as const;
  assert.equal(lampOfAll([...rest], ["The disk is full."]).state, "starting");
  const worst = lampOfAll([...rest, ["c", failed]], []);
  assert.deepEqual([worst.state, worst.word, worst.reason], ["failed", "c has a problem", reason]);
});
