import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { delay } from "../../../base/abort.ts";
import { now } from "../../../base/clock.ts";
import { ThingError } from "../../../base/errors.ts";
import { isRecord } from "../../../base/values.ts";

const ANSWER_MS = 2000;
const PAUSE_MS = 500;
/** A server that does not say for so long where it is has its ticket back, ms. */
const UNANSWERED_MS = 5000;

/** How a worker asks the server of its queue where that is: the same addresses as in its lease. */
export const ADDRESSES_QUESTION = { ask: "addresses" } as const;

/** Where a worker asks. */
export interface Asked {
  readonly connection: NatsConnection;
  /** Subject of the reports: the one that a worker may publish to. */
  readonly reports: string;
  readonly member: string;
}

/**
 * Where a worker may send its token: whoever may publish to a queue's subject may write any address into a ticket. Those of the server
 * that has the queue count, as it says itself, and those that the worker was configured with.
 */
export class TokenAddresses {
  readonly #given: ReadonlySet<string>;
  #told: ReadonlySet<string> = new Set();

  /** @throws {ThingError} `BAD_ARGUMENT` for what is no address. */
  constructor(given: readonly string[] = []) {
    this.#given = new Set(given.map(originGiven));
  }

  /** Whether it is known that the token may be sent there. */
  has(url: string): boolean {
    const { origin } = new URL(url);
    return this.#given.has(origin) || this.#told.has(origin);
  }

  /** The same, and the server is asked where it is not known: it may have moved. @returns Undefined when it does not answer. */
  async allows(url: string, asked: Asked, signal: AbortSignal): Promise<boolean | undefined> {
    if (this.has(url)) return true;
    for (const begin = now(); now() - begin < UNANSWERED_MS; await delay(PAUSE_MS, signal)) {
      signal.throwIfAborted();
      const told = await addressesOf(asked);
      if (!told) continue;
      this.#told = told;
      return this.has(url);
    }
    return undefined;
  }

  /** For a sentence. */
  get text(): string {
    const all = [...new Set([...this.#told, ...this.#given])];
    return all.slice(0, 3).join(", ") + (all.length > 3 ? " and others" : "");
  }
}

/** @throws {ThingError} `PROGRAM_REFUSED` when it does not know the question. */
async function addressesOf({
  connection,
  reports,
  member,
}: Asked): Promise<ReadonlySet<string> | undefined> {
  const question = JSON.stringify(ADDRESSES_QUESTION);
  const message = await connection
    .request(reports, question, { timeout: ANSWER_MS })
    .catch((error) => {
      if (connection.isClosed()) throw error;
      return undefined; // the server may be starting
    });
  if (!message) return undefined;
  const addresses = addressesIn(message);
  if (addresses) return new Set(addresses.map(String));
  throw new ThingError(
    "PROGRAM_REFUSED",
    `The server '${member}' does not say at which addresses it may be sent a token. Update it, or give this worker its address in 'origins'.`,
  );
}

/** Undefined in what is no answer to the question. */
function addressesIn(message: Msg): unknown[] | undefined {
  try {
    const answer: unknown = message.json();
    return isRecord(answer) && Array.isArray(answer.addresses) ? answer.addresses : undefined;
  } catch {
    return undefined;
  }
}

function originGiven(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol)) return url.origin;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${text}' in 'origins' of a worker is not an address. Write it like 'http://bench-1.lab:5000'.`,
  );
}
