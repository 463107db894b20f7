export { type TicketsVerdict, verifyTickets } from "../../../work/verify-tickets.ts";
export { GiveUp, type Handler, type WorkerCounts, type WorkFrame } from "./handler.ts";
export type { WorkQueueOptions } from "./options.ts";
export { WorkQueue, workQueue } from "./work-queue.ts";
export { Worker, type WorkerOptions, worker } from "./worker.ts";
