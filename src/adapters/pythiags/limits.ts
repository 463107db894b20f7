import { ThingError } from "../../base/errors.ts";

/** How much may wait for a consumer, and how long it may take. */
export interface ConsumerLimits {
  /** Frames whose events may wait: 100. The oldest give way to new ones, and are counted. */
  readonly queue?: number | undefined;
  /** How long a consumer may take for one frame, s: 10. Then its signal aborts, and the log says so. */
  readonly patienceSec?: number | undefined;
}

/** And how long a producer may. */
export interface ProbeLimits extends ConsumerLimits {
  /** How long it may take for a frame before the log warns of it, ms: 10. */
  readonly slowMs?: number | undefined;
}

/** @throws {ThingError} `BAD_ARGUMENT` for a limit that is none. */
export function limitsOf({
  queue = 100,
  patienceSec = 10,
  slowMs = 10,
}: ProbeLimits): Required<{ [K in keyof ProbeLimits]: number }> {
  if (!Number.isInteger(queue) || queue < 1) {
    throw bad(`A queue holds the events of 1 frame or more, not of ${queue}.`);
  }
  if (!(patienceSec > 0 && patienceSec <= 3600)) {
    throw bad(`A consumer gets more than 0 s, and 3600 s at most, not ${patienceSec}.`);
  }
  if (!(slowMs > 0)) throw bad(`A slow producer takes more than 0 ms, not ${slowMs}.`);
  return { queue, patienceSec, slowMs };
}

function bad(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}
