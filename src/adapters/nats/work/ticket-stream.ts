import type { ConsumerInfo, JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { MOST_OPEN, type OpenTicket } from "../../../work/tickets.ts";
import type { Nats } from "../library.ts";
import { REPLICAS, Replicas } from "../replicas.ts";
import { StuckStream } from "../stuck-stream.ts";
import { type MemberName, workSubject } from "../subjects.ts";
import type { TicketMessage, TicketPlace } from "./ticket-message.ts";

/** The one consumer of a queue, which all its workers share. */
export const CONSUMER = "workers";
/** Tickets that workers hold at a time. */
export const MOST_HELD = 1000;
/** JetStream knows a message that was published twice for so long at most, ms. */
const DUPLICATES_MS = 120_000;
/** Messages of a queue at most: tickets that have ended here may still be there. */
const MOST_MESSAGES = 2 * MOST_OPEN;
/** Bytes of one, and of one on the average, with all that JetStream adds. */
const MESSAGE_BYTES = 2048;
const MEAN_BYTES = 1024;
const PUBLISH_MS = 5000;
const NO_CONSUMER = 10014;
const NO_STREAM = 10059;

/** JetStream takes whole numbers alone. */
const nanosIn = (ms: number) => Math.round(ms * 1e6);

/** What JetStream says of a queue. */
export interface QueueInfo {
  readonly messages: number;
  /** The number of its oldest message. */
  readonly first: number;
  /** Undefined when there is no consumer. */
  readonly consumer: ConsumerInfo | undefined;
}

/** How a queue is called, and how patient it is. */
interface QueueShape {
  readonly name: MemberName;
  readonly queue: string;
  /** JetStream drops tickets that are older, ms. */
  readonly deadlineMs: number;
  /** A worker that has not been heard of for so long has lost its ticket to another, ms. */
  readonly silenceMs: number;
  /** The same for as long as the queue is open. */
  readonly session: string;
}

/** What a queue is called by all who work for it. No name has a `~`, so no two queues have the same. */
export function streamName({ fleet, member }: MemberName, queue: string): string {
  return ["thingscope_work", fleet, member, queue].join("~");
}

/** The tickets of one queue in JetStream. */
export class TicketStream {
  readonly #js: JetStreamClient;
  readonly #manager: JetStreamManager;
  readonly #library: Nats;
  readonly #stream: string;
  readonly #subject: string;
  readonly #silenceMs: number;
  /** Of this process: what an earlier one has published is another message. */
  readonly #session: string;
  readonly #replicas: Replicas;
  readonly #deadlineMs: number;
  /** Whether it stores what is published. */
  readonly stuck: StuckStream;
  #made = 0;

  private constructor(
    library: Nats,
    { js, manager }: { js: JetStreamClient; manager: JetStreamManager },
    { name, queue, silenceMs, session, deadlineMs }: QueueShape,
  ) {
    this.#library = library;
    this.#js = js;
    this.#manager = manager;
    this.#replicas = new Replicas(manager);
    this.#stream = streamName(name, queue);
    this.#subject = workSubject(name, queue, "tickets");
    this.#silenceMs = silenceMs;
    this.#session = session;
    this.#deadlineMs = deadlineMs;
    const trial = { name: `${this.#stream}~room`, subject: `${this.#subject}.room` };
    this.stuck = new StuckStream({ js, manager, library, stream: this.#stream, trial });
  }

  /**
   * Makes the stream and its consumer where they are not there.
   * @throws whatever NATS throws.
   */
  static async open(
    connection: NatsConnection,
    library: Nats,
    shape: QueueShape,
  ): Promise<TicketStream> {
    const manager = await library.jetstreamManager(connection);
    const js = library.jetstream(connection);
    const tickets = new TicketStream(library, { js, manager }, shape);
    await tickets.#makeStream();
    await tickets.#addConsumer().catch(() => tickets.rebuild()); // there is one that is another
    return tickets;
  }

  /** @returns Where JetStream has put it. */
  async publish(ticket: OpenTicket, message: TicketMessage, attempt: number): Promise<number> {
    const { seq } = await this.#js.publish(this.#subject, JSON.stringify(message), {
      msgID: this.#messageId(ticket, attempt),
      timeout: PUBLISH_MS,
    });
    return seq;
  }

  /** How often it was made again: what was published before says nothing of it. */
  get made(): number {
    return this.#made;
  }

  async info(): Promise<QueueInfo> {
    const first = await this.#manager.streams.info(this.#stream);
    await this.#replicas.look(first);
    const consumer = await this.#manager.consumers.info(this.#stream, CONSUMER).catch((error) => {
      if (!isMissing(error, this.#library)) throw error;
    });
    const { state } = await this.#manager.streams.info(this.#stream);
    // Tickets come and go between the answers: those that were there all the time are what the consumer must know.
    const messages = Math.min(first.state.messages, state.messages);
    return { messages, first: state.first_seq, consumer: consumer ?? undefined };
  }

  /** Removes all tickets. */
  async purge(): Promise<void> {
    await this.#manager.streams.purge(this.#stream);
  }

  /** Whether a ticket is still there: a stream that was made again gives its numbers to others. */
  async has(id: string, { seq, attempt }: TicketPlace): Promise<boolean> {
    const found = await this.#manager.streams.getMessage(this.#stream, { seq });
    return (
      found?.header.get(this.#library.PubHeaders.MsgIdHdr) === this.#messageId({ id }, attempt)
    );
  }

  /** Makes the consumer again. What workers hold is delivered once more. */
  async rebuild(): Promise<void> {
    await this.#manager.consumers.delete(this.#stream, CONSUMER).catch((error) => {
      if (!isMissing(error, this.#library)) throw error;
    });
    await this.#addConsumer();
  }

  /** Makes the stream and its consumer again, without tickets. */
  async remake(): Promise<void> {
    await this.#manager.streams.delete(this.#stream).catch(() => {}); // what matters is that it can be made
    await this.#makeStream();
    await this.#addConsumer();
    this.#made += 1;
    this.stuck.stored();
  }

  #messageId({ id }: Pick<OpenTicket, "id">, attempt: number): string {
    return `${this.#session}:${id}:${attempt}`;
  }

  async #makeStream(): Promise<void> {
    const deadlineMs = this.#deadlineMs;
    const { RetentionPolicy, DiscardPolicy, StorageType } = this.#library;
    const options = {
      name: this.#stream,
      subjects: [this.#subject],
      retention: RetentionPolicy.Workqueue,
      storage: StorageType.File,
      discard: DiscardPolicy.New,
      max_age: nanosIn(deadlineMs),
      duplicate_window: nanosIn(Math.min(deadlineMs, DUPLICATES_MS)),
      max_msgs: MOST_MESSAGES,
      max_bytes: MOST_MESSAGES * MEAN_BYTES,
      max_msg_size: MESSAGE_BYTES,
    };
    const known = await this.#manager.streams.info(this.#stream).catch(() => undefined);
    if (known) {
      await this.#manager.streams.update(this.#stream, options);
      return;
    }
    await this.#manager.streams
      .add({ ...options, num_replicas: REPLICAS })
      .catch(() => this.#manager.streams.add(options)); // a single server has no replicas
  }

  async #addConsumer(): Promise<void> {
    const { AckPolicy, DeliverPolicy } = this.#library;
    await this.#manager.consumers.add(this.#stream, {
      durable_name: CONSUMER,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanosIn(this.#silenceMs),
      max_ack_pending: MOST_HELD,
      // No max_deliver: what has reached it stays in the stream and is never delivered (nats-server#7817). Workers count.
    });
  }
}

/** Whether there is no such consumer. */
function isMissing(error: unknown, { JetStreamApiError }: Nats): boolean {
  return error instanceof JetStreamApiError && error.code === NO_CONSUMER;
}

/** Whether a queue is not there: neither its stream nor its consumer. */
export function isNotThere(error: unknown, { JetStreamApiError }: Nats): boolean {
  return error instanceof JetStreamApiError && [NO_CONSUMER, NO_STREAM].includes(error.code);
}
