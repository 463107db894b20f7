// A worker that takes so many ms for each frame: NATS servers, member, its name, ms.
import { setTimeout as pause } from "node:timers/promises";
import { worker } from "thingscope/work";

const [, , urls = "", member = "", name = "", ms = "0"] = process.argv;

worker(
  async ({ index, jpeg, signal }) => {
    await pause(Number(ms), undefined, { signal });
    return { index, bytes: jpeg.length };
  },
  { servers: urls.split(","), member, queue: "spots", name },
);
