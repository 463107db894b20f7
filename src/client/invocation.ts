import { abortable, delay, within } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { retried } from "../base/supervised-values.ts";
import { isRecord } from "../base/values.ts";
import { ClientError, mayPass, problemError } from "./client-error.ts";
import type { Http } from "./http.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";

/** One line that an action logged. */
export interface LogLine {
  readonly message: string;
  /** E.g. `INFO`, `WARNING`. */
  readonly level: string;
  /** RFC 3339. */
  readonly created: string;
}

/** How to follow a run. */
export interface FollowOptions {
  /** Cancels the run. The wait ends with the signal's reason as soon as the server has been told. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the run is, 0 to 1, whenever that changes. */
  readonly onProgress?: ((fraction: number, message?: string) => void) | undefined;
  /** Told each line that the action logs. */
  readonly onLog?: ((line: LogLine) => void) | undefined;
}

const SOONEST_POLL_MS = 20;
const LATEST_POLL_MS = 500;
const GROWTH = 1.4;
/** After so many failures to answer in a row a run counts as lost. */
const PATIENCE = 7;
const CANCEL_MS = 5000;

/** One run of an action at a server. */
export class RemoteInvocation<O = unknown> {
  /** Where the run can be asked about; undefined when it had ended before the answer to its request. */
  readonly href: string | undefined;
  readonly #http: Http;
  readonly #action: string;
  #output: O | undefined;
  #state: JsonObject;

  private constructor(http: Http, action: string, href: string | undefined, state: JsonObject) {
    this.#http = http;
    this.#action = action;
    this.href = href;
    this.#state = state;
  }

  /** A run that goes on; `state` is what the server said of it. */
  static at<O>(http: Http, action: string, href: string, state: JsonObject): RemoteInvocation<O> {
    return new RemoteInvocation<O>(http, action, href, state);
  }

  /** A run whose output was the answer. */
  static done<O>(http: Http, action: string, output: O): RemoteInvocation<O> {
    const run = new RemoteInvocation<O>(http, action, undefined, { status: "completed" });
    run.#output = output;
    return run;
  }

  /** What the server last said: `pending`, `running`, `completed`, `failed` (or `error`, `cancelled`). */
  get status(): string {
    return textOf(this.#state.status) ?? "running";
  }

  get finished(): boolean {
    return !["idle", "pending", "running"].includes(this.status);
  }

  /**
   * Waits for the end, and gives the output.
   * @throws {ClientError} with the sentence of what the action failed with; `ACTION_CANCELLED` when somebody
   * cancelled it; `UNREACHABLE` when the server does not come back.
   */
  async result({ signal, onProgress, onLog }: FollowOptions = {}): Promise<O> {
    const tell = reporter(onProgress, onLog);
    tell(this.#state);
    for (let waitMs = 0; !this.finished; waitMs = nextWait(waitMs)) {
      try {
        await delay(waitMs, signal);
        await this.#ask(signal);
      } catch (error) {
        if (!signal?.aborted) throw error;
        await this.#requestCancel();
        throw signal.reason;
      }
      tell(this.#state);
    }
    if (this.status !== "completed") throw this.#failure();
    return this.#output ?? this.#outputIn(this.#state);
  }

  /** Asks the run to stop, and waits until it has ended, however it ends. */
  async cancel(): Promise<void> {
    if (this.finished) return;
    await this.#requestCancel();
    await this.result().catch((error: unknown) => {
      if (!isEnd(error)) throw error;
    });
  }

  /**
   * What `starting` resolves to. When `signal` aborts first, the run is cancelled as soon as its name is known: the
   * request itself cannot be taken back.
   */
  static async unlessAborted<O>(
    starting: Promise<RemoteInvocation<O>>,
    signal: AbortSignal | undefined,
  ): Promise<RemoteInvocation<O>> {
    try {
      return await abortable(starting, signal);
    } catch (error) {
      if (!signal?.aborted) throw error;
      const cancelling = starting.then((run) => run.#requestCancel());
      await within(cancelling, CANCEL_MS, noAnswer).catch(() => {}); // the reason says why nothing is wanted
      throw signal.reason;
    }
  }

  /** The state, anew. A server that does not answer for a while is asked again. */
  async #ask(signal?: AbortSignal): Promise<void> {
    const { href } = this;
    if (href === undefined) return;
    const ask = async (either: AbortSignal) =>
      this.#hear(await this.#http.request(href, { signal: either }));
    await retried(ask, { pauses: RECONNECT_PAUSES, mostFailures: PATIENCE, mayPass, signal });
  }

  /** The state of a run, or nothing while it is accepted only; else its output: not every server has states. */
  async #hear(response: Response): Promise<void> {
    const { status } = response;
    const content = await this.#http.content<unknown>(response);
    const isState = isRecord(content) && typeof content.status === "string";
    if (isState) this.#state = content;
    else if (status !== 202) {
      this.#output = content as O; // what the Thing Description promises
      this.#state = { status: "completed" };
    }
  }

  /** A run that has ended meanwhile cannot be cancelled any more, and that is as good. */
  async #requestCancel(): Promise<void> {
    const { href } = this;
    if (href === undefined || this.finished) return;
    const request = { method: "DELETE", signal: AbortSignal.timeout(CANCEL_MS) };
    await this.#http.request(href, request).catch((error: unknown) => {
      const isOver = error instanceof ClientError && error.status >= 400;
      if (!isOver) throw error;
    });
  }

  #outputIn({ output }: JsonObject): O {
    return output as O; // what the Thing Description promises
  }

  #failure(): ClientError {
    const { error, log } = this.#state;
    const isCancelled = this.status === "cancelled";
    const words = textOf(objectOf(listOf(log).at(-1)).message);
    const fallback = isCancelled
      ? `The action '${this.#action}' was cancelled.`
      : `The action '${this.#action}' failed${words ? `: ${words}` : " and did not say why."}`;
    if (isRecord(error)) return problemError(error, { fallback, ...this.#place });
    const code = isCancelled ? "ACTION_CANCELLED" : "ACTION_FAILED";
    return new ClientError(code, fallback, this.#place);
  }

  get #place(): { url?: string } {
    return this.href === undefined ? {} : { url: this.href };
  }
}

function noAnswer(): ThingError {
  return new ThingError("NOT_READY", "The server has not answered in time.");
}

/** Where the invocation that an answer tells of can be asked about; undefined when the answer tells of none. */
export function invocationHref(response: Response, body: unknown): string | undefined {
  const isAccepted = response.status === 202 || response.status === 201;
  const location = response.headers.get("location");
  const isState = isRecord(body) && typeof body.status === "string";
  if (!isState) return isAccepted && location ? new URL(location, response.url).href : undefined;
  const self = listOf(body.links)
    .filter(isRecord)
    .find(({ rel }) => rel === "self");
  const href = location ?? textOf(body.href) ?? textOf(self?.href);
  return href === undefined ? undefined : new URL(href, response.url).href;
}

/** Passes on what is new in each state. */
function reporter(
  onProgress: FollowOptions["onProgress"],
  onLog: FollowOptions["onLog"],
): (state: JsonObject) => void {
  let told = "";
  let lines: readonly unknown[] = [];
  return ({ progress, log }) => {
    const { fraction, message } = objectOf(progress);
    const news = `${fraction} ${message}`;
    if (typeof fraction === "number" && news !== told) onProgress?.(fraction, textOf(message));
    told = news;
    const all = listOf(log);
    for (const line of newLines(lines, all)) onLog?.(line);
    lines = all;
  };
}

/** A log only grows, until it is full and its oldest lines go. */
function newLines(before: readonly unknown[], now: readonly unknown[]): LogLine[] {
  const last = JSON.stringify(before.at(-1));
  const isSame = (line: unknown) => JSON.stringify(line) === last;
  const seen =
    now.length > before.length && (before.length === 0 || isSame(now[before.length - 1]))
      ? before.length
      : now.findLastIndex(isSame) + 1;
  return now.slice(seen).map((line) => {
    const { message, levelname, created } = objectOf(line);
    return {
      message: textOf(message) ?? "",
      level: textOf(levelname) ?? "INFO",
      created: textOf(created) ?? "",
    };
  });
}

function nextWait(waitMs: number): number {
  return Math.min(LATEST_POLL_MS, Math.max(SOONEST_POLL_MS, waitMs * GROWTH));
}

/** True for the ends of a run that was asked to stop: cancelled, failed in its own way, or forgotten. */
function isEnd(error: unknown): boolean {
  return error instanceof ClientError && error.code !== "UNREACHABLE";
}
