import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import type { NatsConnection } from "@nats-io/transport-node";
import { abortable } from "../../../base/abort.ts";
import type { Attempt } from "../../../base/attempt.ts";
import { messageOf } from "../../../base/errors.ts";
import { type Log, silentLog } from "../../../base/log.ts";
import { Supervisor } from "../../../base/supervise.ts";
import { connectTo } from "../connect.ts";
import { type Nats, nats } from "../library.ts";
import type { FleetOptions } from "../options.ts";
import { type MemberName, workSubject } from "../subjects.ts";
import { type Handler, TicketRun, type WorkerCounts } from "./ticket-run.ts";
import { CONSUMER, streamName } from "./ticket-stream.ts";

/** What a worker is made of. */
export interface WorkerOptions extends Pick<FleetOptions, "servers" | "credentials" | "tls"> {
  /** The server that has the camera, by its name in the fleet. */
  readonly member: string;
  /** The work queue, by its name there. */
  readonly queue: string;
  /** The fleet's name: `lab` when absent. */
  readonly fleet?: string;
  /** This worker's name in results: that of the machine and the process when absent. */
  readonly name?: string;
  /** How many tickets it works on at a time: 1 when absent. */
  readonly concurrency?: number;
  /** A token for the server's pictures, where it has a login. */
  readonly token?: string;
  /** Relative paths of the options begin there; the working folder when absent. */
  readonly folder?: string;
  readonly log?: Log;
}

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A request for a ticket ends after so long when there is none, ms. */
const PULL_MS = 5000;

/**
 * Works on the tickets of a queue: `handler` is given each frame, and what it returns is the result. A connection that is lost is
 * made again.
 * @param handler - Called with a frame; its result is JSON of 64 kB at most. What it throws is the ticket's failure; a `GiveUp` drops it.
 */
export function worker(handler: Handler, options: WorkerOptions): Worker {
  return new Worker(handler, options);
}

/** A worker that runs, until it is closed. */
export class Worker implements AsyncDisposable {
  readonly name: string;
  readonly #handler: Handler;
  readonly #options: WorkerOptions;
  readonly #log: Log;
  readonly #counts = { done: 0, failed: 0, dropped: 0, passed: 0 };
  readonly #supervisor: Supervisor;

  constructor(handler: Handler, options: WorkerOptions) {
    this.#handler = handler;
    this.#options = options;
    this.#log = options.log ?? silentLog;
    this.name = options.name ?? `${hostname()}-${process.pid}`;
    this.#supervisor = new Supervisor((attempt) => this.#connected(attempt), {
      pauses: PAUSES,
      onFailure: ({ reason }) => this.#log.warn(`Worker '${this.name}' gets no tickets: ${reason}`),
    });
    this.#supervisor.start();
  }

  get counts(): WorkerCounts {
    return { ...this.#counts };
  }

  /** What its connection does: `running` while it gets tickets. */
  get status(): Supervisor["status"] {
    return this.#supervisor.status;
  }

  /** Ends it. Tickets on which it works go to others at once. */
  async close(): Promise<void> {
    await this.#supervisor.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #connected(attempt: Attempt): Promise<void> {
    const library = await nats();
    const { folder = ".", concurrency = 1 } = this.#options;
    const client = `thingscope worker ${this.name}`;
    const connection = await connectTo(library, this.#options, { folder, client });
    const closed = connection.closed().then((error) => {
      if (!attempt.signal.aborted) throw error ?? new Error("NATS has closed the connection.");
    });
    setMaxListeners(0, attempt.signal); // each loop has some
    try {
      const loops = Array.from({ length: concurrency }, () =>
        this.#work(connection, library, attempt),
      );
      await Promise.race([Promise.all(loops), closed]);
    } finally {
      await connection.flush().catch(() => {}); // tickets that were given back
      await connection.close().catch((error) => this.#log.debug(messageOf(error)));
    }
  }

  async #work(connection: NatsConnection, library: Nats, attempt: Attempt): Promise<void> {
    const { signal } = attempt;
    const { fleet = "lab", member, queue, token } = this.#options;
    const name: MemberName = { fleet, member };
    const reports = workSubject(name, queue, "reports");
    const js = library.jetstream(connection);
    const consumer = await js.consumers.get(streamName(name, queue), CONSUMER);
    const { config } = await consumer.info(true);
    const silenceMs = (config.ack_wait ?? 0) / 1e6;
    const options = { connection, reports, worker: this.name, token, silenceMs };
    attempt.heartbeat();
    while (!signal.aborted) {
      const pulled = abortable(consumer.next({ expires: PULL_MS }), signal);
      const message = await pulled.catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (!message) continue;
      const end = await new TicketRun(message, options).handle(this.#handler, signal);
      if (end) this.#counts[end] += 1;
    }
  }
}
