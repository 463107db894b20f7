import { type ClockStep, wallClock } from "./wall-clock.ts";

const LOOK_EVERY_MS = 1000;

/** Looks at the wall clock each second, though nobody asks for a time, and tells of each step. Returns how to end that. */
export function watchWallClock(listener: (step: ClockStep) => void): () => void {
  const end = wallClock.onStep(listener);
  const looking = setInterval(() => wallClock.look(), LOOK_EVERY_MS).unref();
  return () => {
    clearInterval(looking);
    end();
  };
}
