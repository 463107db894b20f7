// A thread of `createWorker`: imports the handler's module, and works until it is told to stop or the stream ends.
import { parentPort, workerData } from "node:worker_threads";
import { ThingError } from "../../base/errors.ts";
import { logTo } from "../../base/log.ts";
import type { ThreadReport, ThreadTask } from "./create-worker.ts";
import { type FrameHandler, Workshop } from "./workshop.ts";

const REPORT_MS = 100;

const { module, options }: ThreadTask = workerData;
const tell = (report: ThreadReport) => parentPort?.postMessage(report);
const log = logTo((_, warning) => tell({ warning }));

const workshop = new Workshop({ ...options, log }, await handlerOf(module));
await workshop.start();
const reporting = setInterval(() => tell({ counts: workshop.counts }), REPORT_MS);
parentPort?.once("message", () => void workshop.stop());
tell({ ready: true });
try {
  await workshop.ended;
} finally {
  await workshop.stop();
  clearInterval(reporting);
  tell({ counts: workshop.counts });
  parentPort?.close();
}

async function handlerOf(url: string): Promise<FrameHandler> {
  const { default: handler }: { default?: unknown } = await import(url);
  if (typeof handler === "function") return handler as FrameHandler;
  throw new ThingError("BAD_ARGUMENT", `The module ${url} has no function as its default export.`);
}
