export { type TicketsVerdict, verifyTickets } from "../../../work/verify-tickets.ts";
export type { WorkQueueOptions } from "./options.ts";
export { GiveUp, type Handler, type WorkerCounts, type WorkFrame } from "./ticket-run.ts";
export { WorkQueue, workQueue } from "./work-queue.ts";
export { Worker, type WorkerOptions, worker } from "./worker.ts";
