import { promiseHooks } from "node:v8";

/**
 * Runs `work`, and gives the promises that it made and left to nobody: those of async functions that it called without waiting,
 * as a setter must.
 */
export function leftFloating(work: () => void): Promise<unknown>[] {
  const floating = new Set<Promise<unknown>>();
  const stop = promiseHooks.onInit((promise, parent) => {
    if (parent) floating.delete(parent);
    else floating.add(promise);
  });
  try {
    work();
  } finally {
    stop();
  }
  return [...floating];
}
