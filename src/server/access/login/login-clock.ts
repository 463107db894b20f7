import { now, wallTime } from "../../../base/clock.ts";

/** Two clocks, ms, which a test may turn. */
export interface LoginClock {
  /** It never steps: how long sessions, codes and signed addresses last is measured with it. */
  readonly now: () => number;
  /** Epoch ms: what says whether the day has come on which a token ends. */
  readonly wall: () => number;
}

export const CLOCK: LoginClock = { now, wall: () => wallTime() };
