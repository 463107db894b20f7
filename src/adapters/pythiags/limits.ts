import { ThingError } from "../../base/errors.ts";

/** Limits of a consumer. */
export interface ConsumerLimits {
  /** Frames whose events may be queued. Default 100; beyond it the oldest are dropped and counted. */
  readonly queue?: number | undefined;
  /** How long a consumer may take for one frame, s. Default 10; then its signal aborts and a warning is logged. */
  readonly patienceSec?: number | undefined;
}

/** Limits of a probe. */
export interface ProbeLimits extends ConsumerLimits {
  /** How long a producer may take for a frame before a warning is logged, ms. Default 10. */
  readonly slowMs?: number | undefined;
}

/** @throws {ThingError} `BAD_ARGUMENT` for an invalid limit. */
export function limitsOf({
  queue = 100,
  patienceSec = 10,
  slowMs = 10,
}: ProbeLimits): Required<{ [K in keyof ProbeLimits]: number }> {
  if (!Number.isInteger(queue) || queue < 1) {
    throw bad(`'queue' must be a whole number from 1, not ${queue}.`);
  }
  if (!(patienceSec > 0 && patienceSec <= 3600)) {
    throw bad(`'patienceSec' must be more than 0 s and at most 3600 s, not ${patienceSec}.`);
  }
  if (!(slowMs > 0)) throw bad(`'slowMs' must be more than 0 ms, not ${slowMs}.`);
  return { queue, patienceSec, slowMs };
}

function bad(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}
