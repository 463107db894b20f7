import type { Log } from "../../../base/log.ts";
import type { QueueWork } from "./queue-work.ts";
import type { TicketPlace } from "./ticket-message.ts";
import { MOST_HELD, type QueueInfo, type TicketStream } from "./ticket-stream.ts";

/** Tickets that JetStream is asked for one by one at a look. */
const MOST_ASKED = 256;

/**
 * Compares what is open here with what JetStream has. Queues that lose messages and consumers that stop delivering are known
 * faults of JetStream (nats-server#7680, #7817): what is lost is published again, a consumer that is stuck is made again.
 */
export class SumsWatch {
  readonly #work: QueueWork;
  readonly #stream: TicketStream;
  readonly #log: Log;
  /** What the look before found. */
  #symptom = "";

  constructor(work: QueueWork, stream: TicketStream, log: Log) {
    this.#work = work;
    this.#stream = stream;
    this.#log = log;
  }

  /** @throws whatever NATS throws. */
  async look(): Promise<void> {
    const before = [...this.#work.inJetStream];
    const info = await this.#stream.info();
    const open = before.filter(([id]) => this.#work.inJetStream.has(id));
    if (open.length > info.messages) await this.#findLost(open);
    // While JetStream stores nothing, its consumers know little, and another one would know no more.
    if (!this.#stream.stuck.isSilent) await this.#lookAtConsumer(info);
  }

  async #findLost(open: readonly [string, TicketPlace][]): Promise<void> {
    let lost = 0;
    for (const [id, place] of open.slice(0, MOST_ASKED)) {
      if (await this.#stream.has(id, place)) continue;
      if (this.#work.inJetStream.get(id) !== place) continue; // it has ended meanwhile
      lost += 1;
      this.#work.publishAgain(id, place.attempt + 1);
    }
    if (lost === 0) return;
    this.#work.counts.lostByNats += lost;
    this.#log.warn(`NATS has lost ${lost} open tickets: they are published again.`);
  }

  async #lookAtConsumer(info: QueueInfo): Promise<void> {
    const symptom = symptomOf(info);
    const isStuck = symptom !== "" && symptom === this.#symptom;
    this.#symptom = isStuck ? "" : symptom;
    if (info.consumer && !isStuck) return;
    await this.#stream.rebuild();
    this.#work.counts.rebuilds += 1;
    const why = info.consumer ? `Its consumer is stuck (${symptom})` : "NATS has lost its consumer";
    this.#log.warn(`${why}: it is made again, and what workers hold is delivered once more.`);
  }
}

/** What a consumer says that may be stuck, which is another as soon as it goes on; empty of any other. */
function symptomOf({ messages, first, consumer }: QueueInfo): string {
  if (!consumer) return "";
  const { num_pending: pending, num_ack_pending: held, num_waiting: waiting, delivered } = consumer;
  const forgotten = messages - pending - held;
  if (forgotten > 0) return `it knows nothing of some tickets, message ${first} is the oldest`;
  const waits = pending > 0 && waiting > 0 && held < MOST_HELD;
  return waits ? `workers wait, and it stays at delivery ${delivered.consumer_seq}` : "";
}
