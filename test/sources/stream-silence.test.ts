import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamSilence, type StreamSilenceLimits } from "../../src/sources/stream-silence.ts";
import { FakeTimers } from "../base/fake-timers.ts";

const SECOND = 1000;
const LIMITS = { startMs: 10 * SECOND, stallMs: 10 * SECOND };

type Deed = "answered" | "picture" | "heartbeat";

interface Row {
  readonly holds: string;
  readonly limits: StreamSilenceLimits;
  readonly deeds: readonly (readonly [at: number, deed: Deed])[];
  /** At which second it is found silent, within 100 s. */
  readonly silentAt: number | undefined;
}

const ROWS: readonly Row[] = [
  { holds: "no answer", limits: LIMITS, deeds: [], silentAt: 10 },
  { holds: "no first picture", limits: LIMITS, deeds: [[8, "answered"]], silentAt: 10 },
  { holds: "no further picture", limits: LIMITS, deeds: [[8, "picture"]], silentAt: 18 },
  {
    holds: "no answer of a camera that may be silent",
    limits: { ...LIMITS, stallMs: 0 },
    deeds: [],
    silentAt: 10,
  },
  {
    holds: "never a picture of a camera that may be silent",
    limits: { ...LIMITS, stallMs: 0 },
    deeds: [[1, "answered"]],
    silentAt: undefined,
  },
  {
    holds: "no first picture of a slow camera",
    limits: { ...LIMITS, stallMs: 60 * SECOND },
    deeds: [[1, "answered"]],
    silentAt: 61,
  },
  {
    holds: "a slow camera's server that has sent heartbeats, and sends nothing any more",
    limits: { ...LIMITS, stallMs: 60 * SECOND },
    deeds: [
      [1, "answered"],
      [3, "heartbeat"],
      [6, "heartbeat"],
      [9, "picture"],
    ],
    silentAt: 19,
  },
  {
    holds: "the same of a camera that may be silent",
    limits: { ...LIMITS, stallMs: 0 },
    deeds: [
      [1, "answered"],
      [3, "heartbeat"],
    ],
    silentAt: 13,
  },
];

for (const { holds, limits, deeds, silentAt } of ROWS) {
  test(`silence: ${holds}`, async () => {
    const timers = new FakeTimers();
    const silence = new StreamSilence(limits, timers);
    for (const [at, deed] of deeds) timers.after(at * SECOND, () => act(silence, deed));
    let abortedAt: number | undefined;
    silence.signal.addEventListener("abort", () => {
      abortedAt = timers.now() / SECOND;
    });
    await timers.pass(100 * SECOND);
    assert.equal(abortedAt, silentAt);
    silence.stop();
    assert.equal(timers.waiting, 0);
  });
}

function act(silence: StreamSilence, deed: Deed): void {
  if (deed === "answered") silence.answered();
  else silence.part(deed === "heartbeat");
}
