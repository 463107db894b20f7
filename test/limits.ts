/**
 * Limits for what would hang otherwise. Nothing that a test asserts may depend on them: they are far above what the slowest
 * machine takes, so that a test that fails by one hangs. What is promised about time is asserted beside a reference that is
 * measured at the same time, or with a clock that the test sets.
 */

/** For a whole test, ms. */
export const TEST_MS = 180_000;
/** For one wait within a test: an answer, an event, a program's end, ms. */
export const WAIT_MS = 60_000;

/** A signal for one wait within a test. */
export function patience(): AbortSignal {
  return AbortSignal.timeout(WAIT_MS);
}
