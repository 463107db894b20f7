import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../base/abort.ts";
import { now, wallTime } from "../../base/clock.ts";
import { fleetClock, type SteadyOffset } from "../../base/fleet-clock.ts";
import { isRecord } from "../../base/values.ts";
import { wallClock } from "../../base/wall-clock.ts";
import { LATEST_MS } from "./lease.ts";
import type { Roster } from "./roster.ts";
import { clockSubject, type MemberName } from "./subjects.ts";

const ANSWER_MS = 2000;
/** Samples that are taken at once: the quickest round trip says most. */
const BURST = 8;
const PAUSE_MS = 5000;
const MOST_SAMPLES = 32;
/** Two clocks of computers drift apart by no more, ms for each ms. */
const DRIFT = 50e-6;

/** What one round trip says of another member's clocks. */
export interface ClockSample {
  /** How far its wall clock is ahead of this one's `now()`, ms. */
  readonly wallMs: number;
  /** The same of its `now()`: neither is ever set. */
  readonly steadyMs: number;
  /** When its process began: the next one has another clock of `now()`. */
  readonly origin: number;
  /** Half of the round trip, ms. */
  readonly uncertaintyMs: number;
  /** When it was taken, on the clock of `now()`. */
  readonly at: number;
}

/** Answers what time it is here. */
export function answerClock(message: Msg): void {
  message.respond(
    JSON.stringify({ wall: wallTime(), steady: now(), origin: performance.timeOrigin }),
  );
}

/** Asks a member what time it is there. @throws whatever NATS throws when it does not answer. */
export async function clockOf(connection: NatsConnection, name: MemberName): Promise<ClockSample> {
  const sent = now();
  const answer = await connection.request(clockSubject(name), "", { timeout: ANSWER_MS });
  const came = now();
  const times: unknown = answer.json();
  const { wall, steady, origin } = isRecord(times) ? times : {};
  if (!isTime(wall) || !isTime(steady) || !isTime(origin))
    throw new Error(`'${name.member}' did not say what time it is.`);
  const middle = (sent + came) / 2;
  return {
    wallMs: wall - middle,
    steadyMs: steady - middle,
    origin,
    uncertaintyMs: (came - sent) / 2,
    at: came,
  };
}

/** One that the clock of a computer can show. */
function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= LATEST_MS;
}

/** The sample with the quickest round trip, of so many. */
export async function bestClockOf(
  connection: NatsConnection,
  name: MemberName,
  count = BURST,
): Promise<ClockSample> {
  let best = await clockOf(connection, name);
  for (let n = 1; n < count; n += 1) {
    const sample = await clockOf(connection, name);
    if (sample.uncertaintyMs < best.uncertaintyMs) best = sample;
  }
  return best;
}

/**
 * Measures how far this machine's clock is ahead of the fleet's, until `signal` aborts: that of the member whose name is the first. Of
 * the newest samples the one counts that is known best now: the minimum filter of NTP, with drift.
 * @see RFC 5905, 10 Clock Filter Algorithm.
 */
export async function keepClock(
  connection: NatsConnection,
  own: MemberName,
  roster: Roster,
  signal: AbortSignal,
): Promise<void> {
  let samples: ClockSample[] = [];
  let reference = "";
  while (!signal.aborted) {
    const first = [own.member, ...roster.present.map(({ name }) => name)].sort()[0]!;
    if (first !== reference) samples = [];
    reference = first;
    if (reference === own.member) {
      fleetClock.measured = ownClock(reference);
    } else {
      const taken = await bestClockOf(connection, { ...own, member: reference }).catch(() => {});
      if (taken) {
        samples = consistent(samples, taken);
        fleetClock.measured = offsetOf(reference, samples);
      } else if (samples.length === 0) fleetClock.measured = undefined;
    }
    await untilNext(roster, signal);
  }
}

/** Until it is time for the next burst, or another member may be the first. */
async function untilNext(roster: Roster, signal: AbortSignal): Promise<void> {
  const changed = new AbortController();
  const stop = roster.onMembers(() => changed.abort());
  await delay(PAUSE_MS, AbortSignal.any([signal, changed.signal])).catch(ignoreAbort);
  stop();
}

/** It is known exactly, however often the wall clock is set or corrected until it is looked at again. */
function ownClock(reference: string): SteadyOffset {
  const { timeOrigin: origin } = performance;
  return {
    ...{ reference, origin, aheadMs: 0, uncertaintyMs: 0 },
    get aheadOfWallMs() {
      return -wallClock.shiftMs;
    },
  };
}

/** One that contradicts the others says that the other clock was set, or that another process answers: they count no more. */
function consistent(samples: readonly ClockSample[], taken: ClockSample): ClockSample[] {
  const isAgreed = samples.every(
    (sample) =>
      sample.origin === taken.origin &&
      Math.abs(sample.wallMs - taken.wallMs) <= boundOf(sample, taken.at) + taken.uncertaintyMs + 1,
  );
  return isAgreed ? [...samples, taken].slice(-MOST_SAMPLES) : [taken];
}

function offsetOf(reference: string, samples: readonly ClockSample[]): SteadyOffset {
  const at = now();
  const [first, ...more] = samples;
  const best = more.reduce((a, b) => (boundOf(b, at) < boundOf(a, at) ? b : a), first!);
  const { origin, wallMs, steadyMs } = best;
  const [aheadOfWallMs, aheadMs] = [-wallMs, -steadyMs];
  return { reference, origin, aheadOfWallMs, aheadMs, uncertaintyMs: boundOf(best, at) };
}

/** How far off a sample may be at a time, ms. */
function boundOf({ uncertaintyMs, at: taken }: ClockSample, at: number): number {
  return uncertaintyMs + DRIFT * (at - taken);
}
