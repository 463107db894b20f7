import { setMaxListeners } from "node:events";
import { hostname } from "node:os";
import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { abortable, ignoreAbort } from "../../../base/abort.ts";
import type { Attempt } from "../../../base/attempt.ts";
import { ThingError } from "../../../base/errors.ts";
import { type Log, logTo } from "../../../base/log.ts";
import { Supervisor } from "../../../base/supervise.ts";
import { connectionLost, connectTo, endConnection } from "../connect.ts";
import { type Nats, nats } from "../library.ts";
import type { FleetOptions } from "../options.ts";
import { type MemberName, workSubject } from "../subjects.ts";
import type { Handler, WorkerCounts } from "./handler.ts";
import { Pictures } from "./pictures.ts";
import { MOST_NAME } from "./reports.ts";
import { MOST_ABANDONED, RunningHandlers } from "./running-handlers.ts";
import { ticketIn } from "./ticket-message.ts";
import { type RunOptions, TicketRun, UNREACHED_MS } from "./ticket-run.ts";
import { CONSUMER, isNotThere, MOST_HELD, streamName } from "./ticket-stream.ts";
import { TokenAddresses } from "./token-addresses.ts";

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
  /** A token for the server's pictures, where it has a login. It is sent to the addresses that `member` has in the fleet. */
  readonly token?: string;
  /** Other addresses of `member` to which the token may be sent, like `http://bench-1.lab:5000`. */
  readonly origins?: readonly string[];
  /** Relative paths of the options begin there; the working folder when absent. */
  readonly folder?: string;
  /** Where it says why it gets no tickets: on standard error when absent. */
  readonly log?: Log;
}

const PAUSES = { firstMs: 500, longestMs: 5000 };
/** A request for a ticket ends after so long when there is none, ms. */
const PULL_MS = 5000;

/** What whoever runs a worker must know, and nothing more. */
const standardError: Log = logTo((level, message) => {
  if (level === "warn" || level === "error") process.stderr.write(`${message}\n`);
});

/**
 * Works on the tickets of a queue: `handler` is given each frame, and what it returns is the result. A connection that is lost is
 * made again.
 * @param handler - Called with a frame; its result is JSON of 64 kB at most. What it throws is the ticket's failure; a `GiveUp` drops it.
 * @throws {ThingError} `BAD_ARGUMENT` for a name of more than 100 characters, an origin that is none, or a `concurrency` that is no number from 1 to 1000.
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
  readonly #counts = { done: 0, failed: 0, dropped: 0, passed: 0, refused: 0 };
  readonly #handlers: RunningHandlers;
  readonly #addresses: TokenAddresses;
  readonly #pictures: Pictures;
  readonly #supervisor: Supervisor;
  /** Why it gets no tickets, as it was told. */
  #told = "";

  constructor(handler: Handler, options: WorkerOptions) {
    this.#handler = handler;
    this.#options = options;
    this.#log = options.log ?? standardError;
    this.name = options.name ?? `${hostname()}-${process.pid}`.slice(-MOST_NAME);
    if (this.name.length === 0 || this.name.length > MOST_NAME)
      throw new ThingError("BAD_ARGUMENT", `A worker's name has 1 to ${MOST_NAME} characters.`);
    const { concurrency = 1 } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1 || concurrency > MOST_HELD)
      throw new ThingError(
        "BAD_ARGUMENT",
        `'concurrency' of a worker is how many tickets it works on at a time: a whole number from 1 to ${MOST_HELD}.`,
      );
    this.#handlers = new RunningHandlers(() => this.#log.error(this.#tooMany()));
    this.#addresses = new TokenAddresses(options.origins);
    this.#pictures = new Pictures(this.name, options.token, this.#addresses);
    this.#supervisor = new Supervisor((attempt) => this.#connected(attempt), {
      pauses: PAUSES,
      onFailure: ({ reason }) => this.#warn(`Worker '${this.name}' gets no tickets: ${reason}`),
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
    this.#pictures.close();
  }

  /** The same is told once. */
  #warn(sentence: string): void {
    if (sentence !== this.#told) this.#log.warn(sentence);
    this.#told = sentence;
  }

  #tooMany(): string {
    return `Worker '${this.name}' takes no more tickets: ${MOST_ABANDONED} calls of its handler go on though their tickets are too old. Let the handler end when 'signal' aborts.`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #connected(attempt: Attempt): Promise<void> {
    const library = nats();
    const { folder = ".", concurrency = 1 } = this.#options;
    const client = `thingscope worker ${this.name}`;
    const connection = await connectTo(library, this.#options, { folder, client });
    const closed = connectionLost(connection).catch((error) => {
      if (!attempt.signal.aborted) throw error;
    });
    setMaxListeners(0, attempt.signal); // each loop has some
    try {
      const loops = Array.from({ length: concurrency }, () =>
        this.#work(connection, library, attempt),
      );
      await Promise.race([Promise.all(loops), closed]);
    } finally {
      await endConnection(connection); // with tickets that were given back
    }
  }

  async #work(connection: NatsConnection, library: Nats, attempt: Attempt): Promise<void> {
    const { signal } = attempt;
    const { fleet = "lab", member, queue } = this.#options;
    const name: MemberName = { fleet, member };
    const reports = workSubject(name, queue, "reports");
    const js = library.jetstream(connection);
    const consumer = await js.consumers
      .get(streamName(name, queue), CONSUMER)
      .catch((error) => Promise.reject(isNotThere(error, library) ? noQueue(name, queue) : error));
    const { config } = await consumer.info(true);
    const options: RunOptions = {
      ...{ connection, reports, worker: this.name, silenceMs: (config.ack_wait ?? 0) / 1e6 },
      ...{ pictures: this.#pictures, handlers: this.#handlers },
    };
    attempt.heartbeat();
    while (!signal.aborted) {
      await this.#handlers.room(signal).catch(ignoreAbort);
      const pulled = abortable(consumer.next({ expires: PULL_MS }), signal);
      const message = await pulled.catch((error) => {
        if (!signal.aborted) throw error;
      });
      if (!message) continue;
      if (!this.#handlers.hasRoom) {
        message.nak(); // it was asked for while there was room
        continue;
      }
      const end = await this.#handle(message, options, signal);
      if (!end) continue;
      this.#counts[end] += 1;
      if (end !== "refused") this.#told = "";
    }
  }

  async #handle(
    message: JsMsg,
    options: RunOptions,
    signal: AbortSignal,
  ): Promise<keyof WorkerCounts | undefined> {
    const ticket = ticketIn(message);
    if (typeof ticket === "string")
      return this.#remove(message, `is not a ticket (${ticket}), and is removed.`);
    const { token, member } = this.#options;
    if (token !== undefined) {
      const { connection, reports } = options;
      const mayHave = await this.#addresses
        .allows(ticket.url, { connection, reports, member }, signal)
        .catch((error) => {
          message.nak(signal.aborted ? undefined : UNREACHED_MS);
          if (!signal.aborted) throw error;
        });
      if (mayHave === false) return this.#remove(message, this.#foreign(ticket.url));
      if (mayHave === undefined) {
        message.nak(UNREACHED_MS);
        return undefined;
      }
    }
    return new TicketRun(message, ticket, options).handle(this.#handler, signal);
  }

  /** Whoever takes it finds the same. If it was a ticket, the sums find that it is gone, and it comes again with the server's address. */
  #remove(message: JsMsg, what: string): "refused" {
    message.term();
    this.#warn(`A message of queue '${this.#options.queue}' ${what}`);
    return "refused";
  }

  #foreign(url: string): string {
    const { member } = this.#options;
    return `names ${new URL(url).origin}, which is no address of '${member}' (${this.#addresses.text}): the token is not sent there, and the message is removed. If '${member}' is there, name that address in 'origins' of this worker.`;
  }
}

/** The queue is made when its server begins, perhaps after the worker; or there is none of that name. */
function noQueue({ fleet, member }: MemberName, queue: string): ThingError {
  return new ThingError(
    "NOT_READY",
    `'${member}' of the fleet '${fleet}' has no queue '${queue}'. Start that server, or check 'member', 'queue' and 'fleet' of this worker, which begins when the queue is there.`,
  );
}
