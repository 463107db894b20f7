import type { NatsConnection } from "@nats-io/transport-node";
import { delay, ignoreAbort } from "../../../base/abort.ts";
import type { Log } from "../../../base/log.ts";
import type { OpenTicket } from "../../../work/tickets.ts";
import type { Nats } from "../library.ts";
import { type MemberName, workSubject } from "../subjects.ts";
import type { QueueWork } from "./queue-work.ts";
import { whyRefused } from "./refusals.ts";
import { takeReports } from "./reports.ts";
import { SumsWatch } from "./sums-watch.ts";
import { TicketStream } from "./ticket-stream.ts";

/** Tickets that JetStream has not confirmed yet. */
const MOST_PUBLISHING = 64;
/** After JetStream has refused a ticket, the next one is tried so much later, ms. */
const PAUSE_MS = 1000;

/** A queue as a connection serves it. */
export interface ServedQueue {
  readonly connection: NatsConnection;
  readonly library: Nats;
  readonly name: MemberName;
  /** Where this server begins for other machines, with the prefix of its paths. */
  readonly root: string;
  /** All origins at which it is reached, as its lease has them. */
  readonly addresses: readonly string[];
  /** What the queue is called. */
  readonly queue: string;
  readonly work: QueueWork;
  /** How often the sums are compared, ms. */
  readonly lookMs: number;
  /** A worker that has not been heard of for so long has lost its ticket to another, ms. */
  readonly silenceMs: number;
  readonly log: Log;
  /** Told why JetStream takes no tickets, and undefined when it does again. */
  readonly onTrouble: (why: string | undefined) => void;
}

/**
 * Serves a queue by one connection until `signal` aborts: open tickets go to JetStream, reports into the ledger, and the sums
 * of both are compared.
 * @throws whatever NATS throws.
 */
export async function serveQueue(served: ServedQueue, signal: AbortSignal): Promise<void> {
  const { connection, library, name, queue, work, log, lookMs, silenceMs } = served;
  const { deadlineMs } = work;
  const end = new AbortController();
  const ending = AbortSignal.any([signal, end.signal]);
  const subject = workSubject(name, queue, "reports");
  const { addresses } = served;
  const stop = takeReports(connection, { subject, work, addresses, log });
  try {
    const { session } = work;
    const shape = { name, queue, deadlineMs, silenceMs, session };
    const stream = await TicketStream.open(connection, library, shape);
    if (work.isNew) await stream.purge(); // what is open is published again
    work.isNew = false;
    served.onTrouble(undefined);
    const watch = new SumsWatch(work, stream, log);
    await Promise.all([
      new Publisher(served, stream, ending).run(),
      watchSums(watch, lookMs, ending),
    ]);
  } finally {
    end.abort();
    stop();
  }
}

async function watchSums(watch: SumsWatch, lookMs: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await watch.look();
    await delay(lookMs, signal).catch(ignoreAbort);
  }
}

/** Gives open tickets to JetStream, some at a time. */
class Publisher {
  readonly #served: ServedQueue;
  readonly #stream: TicketStream;
  readonly #signal: AbortSignal;
  #running = 0;
  #freed = () => {};
  #pause: Promise<void> | undefined;

  constructor(served: ServedQueue, stream: TicketStream, signal: AbortSignal) {
    this.#served = served;
    this.#stream = stream;
    this.#signal = signal;
  }

  async run(): Promise<void> {
    for (;;) {
      await this.#pause;
      const taken = await this.#served.work.takeUnpublished(this.#signal);
      if (!taken) return;
      void this.#publish(taken);
      if (this.#running < MOST_PUBLISHING) continue;
      await new Promise<void>((resolve) => {
        this.#freed = resolve;
      });
    }
  }

  async #publish({ ticket, attempt }: { ticket: OpenTicket; attempt: number }): Promise<void> {
    const { work, queue, root } = this.#served;
    const { id, run, index, capturedAt } = ticket;
    const url = `${root}/${queue}/frame/${run}/${index}?key=${work.key}`;
    const { made } = this.#stream;
    this.#running += 1;
    try {
      const message = { run, index, captured_at: capturedAt, url };
      const seq = await this.#stream.publish(ticket, message, attempt);
      work.published(id, { seq, attempt });
      this.#stream.stuck.stored();
      this.#served.onTrouble(undefined);
    } catch (error) {
      work.publishAgain(id, attempt); // the same once more: JetStream may have it
      if (made === this.#stream.made) this.#refused(error);
    } finally {
      this.#running -= 1;
      this.#freed();
    }
  }

  #refused(error: unknown): void {
    if (this.#pause) return;
    const { library, onTrouble } = this.#served;
    onTrouble(whyRefused(error, library));
    this.#stream.stuck.refused(error);
    this.#pause = delay(PAUSE_MS, this.#signal)
      .then(() => this.#free())
      .catch((fault) => {
        if (!this.#signal.aborted) onTrouble(whyRefused(fault, library));
      })
      .finally(() => {
        this.#pause = undefined;
      });
  }

  async #free(): Promise<void> {
    const { work, log } = this.#served;
    if (!(await this.#stream.stuck.look())) return;
    await this.#stream.remake();
    for (const [id, { attempt }] of [...work.inJetStream]) work.publishAgain(id, attempt + 1);
    work.counts.rebuilds += 1;
    log.warn(
      "JetStream has stored no ticket though its disk has room: the queue is made again there, and its open tickets are published once more.",
    );
  }
}
