import { usedBy } from "./slots.ts";
import type { ThingLife } from "./thing-life.ts";

/** How long one Thing may keep those after it from opening, unless they work with it. */
const TURN_MS = 2000;

/**
 * Opens Things one after the other. One that takes longer than 2 s gives up its turn: the next one opens beside it, unless it
 * has the slow one in a slot. So one that hangs keeps nobody from opening who can do without it.
 */
export async function openInTurn(lives: readonly ThingLife[]): Promise<void> {
  const opening = new Map<object, Promise<void>>();
  let turn: Promise<unknown> = Promise.resolve();
  for (const life of lives) {
    const earlier = new Map(opening); // Things may work with each other: only those before this one are waited for
    const mine = turn;
    const opened = life.open(async () => {
      await mine;
      await Promise.all(usedBy(life.hosted.thing).map((used) => earlier.get(used)));
    });
    opening.set(life.hosted.thing, opened);
    turn = mine.then(() => settledWithin(opened, TURN_MS));
  }
  await Promise.all(opening.values());
}

/** Resolves when `promise` has, or after `ms`. */
async function settledWithin(promise: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([promise, late]);
  clearTimeout(timer);
}
