// How many files of tests run beside one another: as many as keep the processor at work. Most wait for programs and clocks.
import { availableParallelism, cpus } from "node:os";

/** How often it is looked whether there is room for another, ms. */
const LOOK_MS = 400;
/** Another begins while so much of one core had nothing to do since the last look. */
const IDLE_CORES = 0.35;

/**
 * Runs `work` for each of `items`, in their order: as many at a time as there are cores, and more, up to `most`, while the
 * processor is idle.
 * @param isApart - Whether two of them must not run beside one another; then the later one waits, and what follows it does not.
 * @throws What `work` throws, at once.
 */
export async function runBeside(items, most, work, isApart = () => false) {
  const waiting = [...items];
  const inWork = new Set();
  const least = Math.min(availableParallelism(), most);
  const idle = idleMeter();
  let looking;
  const done = new Promise((resolve, reject) => {
    /** @returns Whether there was one that may begin. */
    const begin = () => {
      const at = waiting.findIndex((item) => ![...inWork].some((other) => isApart(item, other)));
      if (at < 0) return false;
      const [item] = waiting.splice(at, 1);
      inWork.add(item);
      work(item).then(() => {
        inWork.delete(item);
        fill();
      }, reject);
      return true;
    };
    const fill = () => {
      while (inWork.size < least && begin());
      if (inWork.size === 0) resolve();
    };
    looking = setInterval(() => {
      if (idle() > IDLE_CORES && inWork.size < most) begin();
    }, LOOK_MS);
    fill();
  });
  await done.finally(() => clearInterval(looking));
}

/** @returns A function that tells how many cores had nothing to do since it was called last. */
function idleMeter() {
  let [idleBefore, before] = [idleMs(), performance.now()];
  return () => {
    const [idleNow, now] = [idleMs(), performance.now()];
    const cores = (idleNow - idleBefore) / (now - before);
    [idleBefore, before] = [idleNow, now];
    return cores;
  };
}

function idleMs() {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}
