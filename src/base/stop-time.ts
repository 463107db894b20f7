/** From SIGTERM until the process has ended, ms, whatever hangs. README, docs/command-line.md and docs/limits.md say so too. */
export const STOP_WITHIN_MS = 10_000;
