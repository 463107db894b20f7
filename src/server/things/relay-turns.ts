import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";

/** Files of one Thing that are under way at once, and how many of them one client has. */
const MOST_RELAYED = 16;
const MOST_OF_ONE = 4;
/** Requests for such files that wait for the end of others, and how long each does, ms. */
const MOST_WAITING = 200;
const WAIT_MS = 10_000;

const refused = countedLimit("relayed_files");

interface Waiting {
  readonly client: string;
  begin(): void;
}

/** Turns of requests whose answers use the network to another server: so many at once, and so many of them for each client. */
export class RelayTurns {
  readonly #under: Waiting[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #waitMs: number;

  constructor({ waitMs = WAIT_MS } = {}) {
    this.#waitMs = waitMs;
  }

  /**
   * Resolves when it is the client's turn, with how to end it.
   * @throws {ThingError} `TOO_BUSY` when that takes too long, or too many wait; the signal's reason when it aborts.
   */
  async turn(client: string, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#waiting.length >= MOST_WAITING) throw busy();
    return new Promise((resolve, reject) => {
      const leave = (reason: () => unknown) => {
        const at = this.#waiting.indexOf(waiting);
        if (at < 0) return;
        this.#waiting.splice(at, 1);
        done();
        reject(reason());
      };
      const onAbort = () => leave(() => signal.reason);
      const timer = setTimeout(() => leave(busy), this.#waitMs);
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
      };
      const waiting: Waiting = {
        client,
        begin: () => {
          done();
          resolve(() => this.#end(waiting));
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#waiting.push(waiting);
      this.#next();
    });
  }

  #end(one: Waiting): void {
    const at = this.#under.indexOf(one);
    if (at < 0) return;
    this.#under.splice(at, 1);
    this.#next();
  }

  #next(): void {
    while (this.#under.length < MOST_RELAYED) {
      const at = this.#waiting.findIndex(({ client }) => this.#countOf(client) < MOST_OF_ONE);
      const [next] = at < 0 ? [] : this.#waiting.splice(at, 1);
      if (!next) return;
      this.#under.push(next);
      next.begin();
    }
  }

  #countOf(client: string): number {
    return this.#under.filter((one) => one.client === client).length;
  }
}

function busy(): ThingError {
  refused.hit();
  return new ThingError(
    "TOO_BUSY",
    `${MOST_RELAYED} files of this Thing, ${MOST_OF_ONE} for each client, are being fetched from its origin, which is the limit. Try again in a few seconds.`,
  );
}
