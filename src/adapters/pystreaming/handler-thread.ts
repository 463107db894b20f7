// A thread of `HandlerThreads`: imports the handler's module, and runs it on each frame it receives.
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { ThreadAnswer, ThreadFrame } from "./handler-threads.ts";
import { Packet } from "./packet.ts";
import type { FrameHandler } from "./workshop.ts";

const post = (answer: ThreadAnswer) => parentPort?.postMessage(answer);
const handler = await handlerOf(String(workerData));
parentPort?.on("message", async (frame: ThreadFrame) => {
  try {
    const packet = new Packet(frame);
    const outcome = await handler(packet);
    // Changes that the handler made to the packet itself also count.
    post({ outcome: outcome === null ? null : { meta: packet.meta, ...outcome } });
  } catch (error) {
    post({ error: messageOf(error) });
  }
});
post({ ready: true });

async function handlerOf(url: string): Promise<FrameHandler> {
  const { default: handler }: { default?: unknown } = await import(url);
  if (typeof handler === "function") return handler as FrameHandler;
  throw new ThingError(
    "BAD_ARGUMENT",
    `The default export of the module ${url} must be a function.`,
  );
}
