// How many files of tests run beside one another: as many as keep the processor at work. Most wait for programs and clocks.
import { availableParallelism, cpus } from "node:os";

/** How often it is looked whether there is room for another, ms. */
const LOOK_MS = 400;
/** Another begins while so much of one core had nothing to do since the last look. */
const IDLE_CORES = 0.35;

/**
 * Runs `work` for each of `items`, in their order: as many at a time as there are cores, and more, up to `most`, while the
 * processor is idle.
 * @throws What `work` throws, at once.
 */
export async function runBeside(items, most, work) {
  const waiting = [...items];
  const least = Math.min(availableParallelism(), most);
  let running = 0;
  const idle = idleMeter();
  await new Promise((resolve, reject) => {
    const begin = () => {
      running += 1;
      work(waiting.shift()).then(() => {
        running -= 1;
        fill();
      }, reject);
    };
    const fill = () => {
      while (waiting.length > 0 && running < least) begin();
      if (running > 0 || waiting.length > 0) return;
      clearInterval(looking);
      resolve();
    };
    const looking = setInterval(() => {
      const hasRoom = idle() > IDLE_CORES;
      if (hasRoom && waiting.length > 0 && running < most) begin();
    }, LOOK_MS);
    fill();
  });
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
