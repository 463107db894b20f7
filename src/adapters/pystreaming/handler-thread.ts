// A thread of `HandlerThreads`: imports the handler's module, and runs it on each frame that it is sent.
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { ThreadAnswer, ThreadFrame } from "./handler-threads.ts";
import { Packet } from "./packet.ts";
import type { FrameHandler } from "./workshop.ts";

const tell = (answer: ThreadAnswer) => parentPort?.postMessage(answer);
const handler = await handlerOf(String(workerData));
parentPort?.on("message", async (frame: ThreadFrame) => {
  try {
    const packet = new Packet(frame);
    const outcome = await handler(packet);
    // What the handler wrote into the packet itself counts, too.
    tell({ outcome: outcome === null ? null : { meta: packet.meta, ...outcome } });
  } catch (error) {
    tell({ error: messageOf(error) });
  }
});
tell({ ready: true });

async function handlerOf(url: string): Promise<FrameHandler> {
  const { default: handler }: { default?: unknown } = await import(url);
  if (typeof handler === "function") return handler as FrameHandler;
  throw new ThingError("BAD_ARGUMENT", `The module ${url} has no function as its default export.`);
}
