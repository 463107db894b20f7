// A worker of work-faults.test.ts, that takes so many ms for each frame.
import { setTimeout as pause } from "node:timers/promises";
import { worker } from "thingscope/work";

const [, , url = "", name = "", ms = "0"] = process.argv;

worker(
  async ({ index, jpeg, signal }) => {
    await pause(Number(ms), undefined, { signal });
    return { index, bytes: jpeg.length };
  },
  { servers: [url], member: "bench", queue: "spots", name },
);
