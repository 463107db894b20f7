import { abortable, isAbort, withDeadline } from "../../base/abort.ts";
import { ERROR_STATUS, type ErrorCode, messageOf, ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import { ClientError } from "../../client/client-error.ts";
import type { ThingClient } from "../../client/index.ts";

/** Questions that the origin has not answered, of one Thing: viewers ask a mirror in thousands. */
const MOST_QUESTIONS = 32;
/** How long one of them is waited for, ms: what is asked after that is asked anew. */
const ANSWER_MS = 30_000;
const questions = countedLimit("mirror_questions");

/** Told what the origin tells. */
interface Listener {
  onValue(name: string): void;
  onEvent(name: string, data: unknown): void;
  /** @param reason - Why it cannot be followed now. */
  onConnected(isConnected: boolean, reason?: string): void;
}

/**
 * The values of one Thing of the origin. They are followed over one connection, however many ask for them here; what the origin does
 * not tell of by itself is asked for, by one question at a time for each property.
 */
export class OriginValues {
  readonly #client: ThingClient;
  readonly #listener: Listener;
  readonly #answerMs: number;
  readonly #told = new Map<string, unknown>();
  readonly #asked = new Map<string, Promise<unknown>>();
  #end = new AbortController();
  #isConnected = false;

  constructor(client: ThingClient, listener: Listener, { answerMs = ANSWER_MS } = {}) {
    this.#answerMs = answerMs;
    this.#client = client;
    this.#listener = listener;
  }

  start(): void {
    this.#end = new AbortController();
    const { signal } = this.#end;
    void this.#client.follow(
      {
        onProperty: (name, value) => {
          this.#told.set(name, value);
          this.#listener.onValue(name);
        },
        onPropertyProblem: (name) => {
          this.#told.delete(name); // the next who asks is told why
          this.#listener.onValue(name);
        },
        onEvent: (name, data) => this.#listener.onEvent(name, data),
        onConnected: (isConnected, reason) => {
          this.#isConnected = isConnected;
          if (!isConnected) this.#told.clear();
          this.#listener.onConnected(isConnected, reason);
        },
      },
      signal,
    );
  }

  stop(): void {
    this.#end.abort();
    this.#isConnected = false;
    this.#told.clear();
  }

  /** @param isTold - Whether the origin tells each change. @throws {ThingError} that of the origin; `DISCONNECTED`. */
  read(name: string, isTold: boolean, signal: AbortSignal): Promise<unknown> {
    if (isTold && this.#isConnected && this.#told.has(name))
      return Promise.resolve(this.#told.get(name));
    const asked = this.#asked.get(name) ?? this.#ask(name);
    return abortable(asked, signal);
  }

  async write(name: string, value: unknown, signal: AbortSignal): Promise<void> {
    await this.#client.write(name as never, value as never, { signal }).catch(rethrown);
  }

  #ask(name: string): Promise<unknown> {
    if (this.#asked.size >= MOST_QUESTIONS) {
      questions.hit();
      return Promise.reject(
        new ThingError(
          "TOO_BUSY",
          `The origin has not answered ${MOST_QUESTIONS} questions about '${this.#client.title}' yet. Try again in a few seconds.`,
        ),
      );
    }
    const { signal } = this.#end; // not that of who asked first: others wait for the answer, too
    const asked = withDeadline(this.#answerMs, signal, (either) =>
      this.#client.read(name, { signal: either }),
    )
      .catch((error) => (isAbort(error) && !signal.aborted ? this.#late(name) : rethrown(error)))
      .finally(() => this.#asked.delete(name));
    this.#asked.set(name, asked);
    asked.catch(() => {});
    return asked;
  }

  #late(name: string): never {
    throw new ThingError(
      "DISCONNECTED",
      `The origin did not tell '${name}' of '${this.#client.title}' within ${this.#answerMs / 1000} s. Check it and its network, and try again.`,
    );
  }
}

/** How an origin refuses the login of this mirror: that is no fault of who asks here, whom a 401 would lead to a login page. */
const REFUSALS: readonly number[] = [401, 403, 421, 429];

/** What the origin refused with, in its own words, and with its code. */
export function rethrown(error: unknown): never {
  if (!(error instanceof ClientError)) throw error;
  const { cause, faults } = { cause: error, faults: error.faults };
  if (!REFUSALS.includes(error.status))
    throw new ThingError(codeOf(error), messageOf(error), { cause, faults });
  throw new ThingError(
    "SOURCE_FAILED",
    `The origin refuses the login of this mirror: ${messageOf(error)} Start the mirror with another --token or --user.`,
    { cause },
  );
}

function codeOf({ code }: ClientError): ErrorCode {
  if (Object.hasOwn(ERROR_STATUS, code)) return code as ErrorCode;
  return code === "UNREACHABLE" ? "DISCONNECTED" : "SOURCE_FAILED";
}
