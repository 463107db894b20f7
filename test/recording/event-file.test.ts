import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import type { RecordingSummary } from "../../src/recording/ledger/ledger.ts";
import { Tally } from "../../src/recording/ledger/tally.ts";
import { EventFile, type FrameWriter } from "../../src/recording/write/event-file.ts";
import { EventMemory } from "../../src/recording/write/event-memory.ts";
import { TEST_MS } from "../limits.ts";
import { frame } from "./recordings.ts";

/** A writer of a user's own that has ended by itself, with so many frames. */
function ended(written: number): FrameWriter {
  const summary: RecordingSummary = { ...new Tally().summary("no room", 0, 0), written };
  return {
    opened: Promise.resolve("films/event.mkv"),
    begun: Promise.resolve(),
    ended: Promise.resolve(summary),
    endReason: "no room",
    add: () => false,
    noteLoss: () => {},
    close: async () => summary,
  };
}

function fileOf(writer: FrameWriter): EventFile {
  const memory = new EventMemory();
  return new EventFile({
    ...{ writer, memory, reason: "a trigger" },
    pendingLosses: () => [],
    log: silentLog,
  });
}

for (const { written, lost, when } of [
  { written: 0, lost: 5, when: "stay in its account where the next one has none and is removed" },
  { written: 3, lost: 2, when: "leave its account for the next one that has frames" },
]) {
  test(`frames that came after an event's file had failed ${when}`, {
    timeout: TEST_MS,
  }, async () => {
    const failed = fileOf(ended(0));
    for (let n = 0; n < 5; n++) failed.add(frame(n, 40 * n));
    failed.replacedFrom(frame(2, 80), fileOf(ended(written)));
    failed.end("the window is over");
    assert.deepEqual((await failed.finished).dropped, { "no room": lost });
  });
}
