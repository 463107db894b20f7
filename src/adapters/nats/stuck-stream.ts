import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import type { Nats } from "./library.ts";

/** So often in a row JetStream may not confirm what is published before it is looked whether it stores anything. */
const MOST_UNANSWERED = 2;
/** Of one message that is tried, and how many are at most. */
const TRIAL_BYTES = 16 * 1024;
const MOST_TRIALS = 256;
const ANSWER_MS = 5000;

interface Watched {
  readonly js: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly library: Nats;
  readonly stream: string;
  /** Another stream that is tried, and its subject: nobody else uses them. */
  readonly trial: { readonly name: string; readonly subject: string };
}

/**
 * Notices that a stream stores nothing any more though there is room. One of nats-server 2.15 that once could not be written says so for
 * ever: neither room nor a purge nor another configuration helps it, and it has to be made again.
 */
export class StuckStream {
  readonly #watched: Watched;
  /** How often in a row JetStream has not confirmed what was published. */
  #unanswered = 0;

  constructor(watched: Watched) {
    this.#watched = watched;
  }

  /** JetStream has stored something there, or it was made again. */
  stored(): void {
    this.#unanswered = 0;
  }

  /** Whether it did not confirm what was published last. */
  get isSilent(): boolean {
    return this.#unanswered > 0;
  }

  /** @param error - Of what was published there. */
  refused(error: unknown): void {
    this.#unanswered = isUnanswered(error, this.#watched.library) ? this.#unanswered + 1 : 0;
  }

  /**
   * Whether it has to be made again.
   * @throws whatever NATS throws when the stream is not there.
   */
  async look(): Promise<boolean> {
    return this.#unanswered >= MOST_UNANSWERED && (await this.#hasRoom());
  }

  /**
   * Whether another stream on as many servers can hold what this one has, and some more. With less room what is made again would be
   * stuck at once, and what it had is lost.
   */
  async #hasRoom(): Promise<boolean> {
    const { js, manager, library, stream, trial } = this.#watched;
    const { config, state } = await manager.streams.info(stream);
    const { name, subject } = trial;
    const count = Math.min(1 + Math.ceil(state.bytes / TRIAL_BYTES), MOST_TRIALS);
    const limits = { max_bytes: 2 * MOST_TRIALS * TRIAL_BYTES, num_replicas: config.num_replicas };
    const storage = library.StorageType.File;
    try {
      await manager.streams.add({ name, subjects: [subject], storage, ...limits });
      for (let n = 0; n < count; n += 1)
        await js.publish(subject, new Uint8Array(TRIAL_BYTES), { timeout: ANSWER_MS });
      return true;
    } catch {
      return false;
    } finally {
      await manager.streams.delete(name).catch(() => {}); // it may not have been made
    }
  }
}

/** Whether JetStream has not confirmed what was published though there is a connection. */
export function isUnanswered(error: unknown, { errors }: Nats): boolean {
  return error instanceof errors.TimeoutError;
}
