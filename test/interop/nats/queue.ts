import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { abortable, type Log, MJPEGStream, ThingHost, ThingServer } from "thingscope";
import { Fleet, type FleetOptions } from "thingscope/fleet";
import {
  type Handler,
  type WorkerOptions,
  type WorkQueue,
  type WorkQueueOptions,
  worker,
  workQueue,
} from "thingscope/work";
import { patience } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A server with a work queue `spots` for a stream that a test gives frames to. */
export interface ServedQueue {
  readonly queue: WorkQueue;
  readonly stream: MJPEGStream;
  readonly server: ThingServer;
  readonly url: string;
  /** Of the ledger. */
  readonly folder: string;
  /** Adds so many frames; each has its number, from 0. */
  add(count: number): void;
  /** Resolves when so many tickets have ended. */
  ended(count: number): Promise<void>;
}

/** Options of a queue in a test, and where its server keeps its settings. */
export interface QueueOptions extends Omit<WorkQueueOptions, "stream"> {
  readonly settingsFolder?: string;
  readonly log?: Log;
  /** Of the server at NATS. */
  readonly credentials?: FleetOptions["credentials"];
  /** The server has a login there. */
  readonly loginFolder?: string;
}

/** @param nats - Its URL. */
export async function queueFor(
  t: TestContext,
  nats: string,
  { settingsFolder, log, credentials, loginFolder, ...options }: QueueOptions = {},
): Promise<ServedQueue> {
  const settings = settingsFolder ?? (await temporaryFolder());
  const folder = options.folder ?? join(settings, "recordings");
  const stream = new MJPEGStream({ ringbufferSize: 2, name: "camera" });
  const queue = workQueue({ stream, ...options, folder });
  const host = new ThingHost({ settingsFolder: settings, ...(log && { log }) });
  host.add("spots", queue);
  const member = { servers: [nats], name: "one", ...(credentials && { credentials }) };
  const fleet = new Fleet(member, { folder: settings, log: host.log });
  const server = new ThingServer(host, {
    fleet,
    ...(loginFolder && { login: { folder: loginFolder } }),
  });
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  await fleet.joined;
  for (const signal = patience(); queue.trouble !== ""; signal.throwIfAborted())
    await new Promise((resolve) => setImmediate(resolve));
  let number = 0;
  return {
    ...{ queue, stream, server, url, folder },
    add(count) {
      for (let n = 0; n < count; n++) stream.addFrame(picture(number++));
    },
    async ended(count) {
      const signal = patience();
      for (;;) {
        const { done, failed, dropped } = queue.sums;
        if (done + failed + dropped >= count) return;
        await abortable(nextEnd(queue), signal);
      }
    },
  };
}

function nextEnd({ result, not_done }: WorkQueue): Promise<void> {
  return new Promise((resolve) => {
    const stops = [result.on(end), not_done.on(end)];
    function end() {
      for (const stop of stops) stop();
      resolve();
    }
  });
}

/** Things of a configuration in YAML: a Recorder and a queue `spots` of the Thing `camera`, in one folder. */
export function recordedQueue({
  every,
  deadline_s,
}: {
  every: number;
  deadline_s: number;
}): string {
  return `
  recorder:
    class: thingscope/things:Recorder
    kwargs: { folder: recordings }
    thing_slots: { camera: camera }
  spots:
    class: thingscope/work:WorkQueue
    kwargs: { every: ${every}, deadline_s: ${deadline_s}, silence_s: 2, look_s: 1, hold_mb: 4 }
    thing_slots: { camera: camera }
`;
}

/** The ledgers in a folder, the oldest first. */
export async function ledgersIn(folder: string): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tickets.jsonl"));
  const numberOf = (name: string) => Number(/\.(\d+)\.tickets/.exec(name)?.[1] ?? 1);
  return names.sort((a, b) => numberOf(a) - numberOf(b)).map((name) => join(folder, name));
}

/** The stream of its tickets. */
export const STREAM = "thingscope_work~lab~one~spots";

/** A worker of the queue, closed with its test. */
export function workerFor(
  t: TestContext,
  url: string,
  handler: Handler,
  options: Partial<WorkerOptions> = {},
) {
  const one = worker(handler, { servers: [url], member: "one", queue: "spots", ...options });
  t.after(() => one.close());
  return one;
}

/** The JetStream of a server, as somebody who manages it sees it. */
export async function managerFor(t: TestContext, url: string) {
  const connection = await connect({ servers: url });
  t.after(() => connection.close());
  return { connection, manager: await jetstreamManager(connection) };
}

/** Each end that a queue tells of, by index. */
export function endsOf({ queue }: ServedQueue): Map<number, string[]> {
  const ends = new Map<number, string[]>();
  const add = (index: number, what: string) =>
    void ends.set(index, [...(ends.get(index) ?? []), what]);
  queue.result.on(({ index, worker }) => add(index, `done by ${worker}`));
  queue.not_done.on(({ index, state, cause }) => add(index, cause ?? state));
  return ends;
}
