import { abortable, delay, within } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { retried } from "../base/supervised-values.ts";
import { isRecord } from "../base/values.ts";
import { ClientError, mayPass, problemError } from "./client-error.ts";
import type { Http } from "./http.ts";
import {
  type InvocationProgress,
  type LogLine,
  logIn,
  progressIn,
  reporter,
  timeIn,
} from "./invocation-state.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";
import { PollPace } from "./poll-pace.ts";
import { RECONNECT_PAUSES } from "./reconnects.ts";

/** How to follow a run. */
export interface FollowOptions {
  /** Cancels the run. The wait ends with the signal's reason as soon as the server has been told. */
  readonly signal?: AbortSignal | undefined;
  /** Told how far the run is, 0 to 1, whenever that changes. */
  readonly onProgress?: ((fraction: number, message?: string) => void) | undefined;
  /** Told each line that the action logs. */
  readonly onLog?: ((line: LogLine) => void) | undefined;
  /** An answer that has not come for so long, ms, counts as none, and is asked for again, seven times in a row: 20,000 by default. */
  readonly silentMs?: number | undefined;
}

/** After so many failures to answer in a row a run counts as lost. */
const PATIENCE = 7;
const CANCEL_MS = 5000;
/** A connection may be open though nobody is there, ms. */
const SILENT_MS = 20_000;

/** One run of an action at a server. */
export class RemoteInvocation<O = unknown> {
  /** Where the run can be asked about; undefined when it had ended before the answer to its request. */
  readonly href: string | undefined;
  /** Name of the action. */
  readonly action: string;
  readonly #http: Http;
  #output: O | undefined;
  #state: JsonObject;
  /** The server's time when it told the state, epoch ms, and that of `performance`. */
  #told = { wall: Date.now(), at: performance.now() };

  private constructor(http: Http, action: string, href: string | undefined, state: JsonObject) {
    this.#http = http;
    this.action = action;
    this.href = href;
    this.#state = state;
  }

  /** A run that goes on, or has ended; `state` is what the server said of it, in `answer`. */
  static at<O>(
    http: Http,
    action: string,
    href: string,
    { state, answer }: { state: JsonObject; answer?: Response },
  ): RemoteInvocation<O> {
    const run = new RemoteInvocation<O>(http, action, href, state);
    run.#toldBy(answer);
    return run;
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

  /** How far it is, if the action has told. */
  get progress(): InvocationProgress | undefined {
    return progressIn(this.#state);
  }

  /** What the action has logged, the oldest lines first. Lists of invocations come without: `refresh` gets it. */
  get log(): readonly LogLine[] {
    return logIn(this.#state);
  }

  /** What the action was given, where the server tells. Lists of invocations come without: `refresh` gets it. */
  get input(): unknown {
    return this.#state.input;
  }

  /** The output, when it has completed. */
  get output(): O | undefined {
    if (this.status !== "completed") return undefined;
    return this.#output ?? this.#outputIn(this.#state);
  }

  /** Why it has not completed, when it has ended otherwise. */
  get error(): ClientError | undefined {
    return this.finished && this.status !== "completed" ? this.#failure() : undefined;
  }

  /** When it was asked for, by the server's clock, epoch ms. */
  get timeRequested(): number | undefined {
    return timeIn(this.#state, "timeRequested", "timeStarted");
  }

  /** How long it has run, or ran, ms, whatever the time is here; undefined where the server does not tell when it began. */
  get elapsedMs(): number | undefined {
    const began = timeIn(this.#state, "timeStarted", "timeRequested");
    if (began === undefined) return undefined;
    const { wall, at } = this.#told;
    const ended = timeIn(this.#state, "timeEnded", "timeCompleted");
    const now = this.finished ? (ended ?? wall) : wall + (performance.now() - at);
    return Math.max(0, now - began);
  }

  /**
   * Asks the server for the state once.
   * @throws {ClientError} `UNREACHABLE`; `NOT_FOUND` when the server has forgotten the run.
   */
  async refresh(options: Pick<FollowOptions, "signal" | "silentMs"> = {}): Promise<void> {
    await this.#ask(options);
  }

  /**
   * Waits for the end, and gives the output.
   * @throws {ClientError} with the sentence of what the action failed with; `ACTION_CANCELLED` when somebody
   * cancelled it; `UNREACHABLE` when the server does not come back.
   */
  async result(options: FollowOptions = {}): Promise<O> {
    const { onProgress, onLog } = options;
    const tell = reporter(onProgress, onLog);
    tell(this.#state);
    if (!this.finished) await this.#follow(tell, options);
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

  async #follow(tell: (state: JsonObject) => void, options: FollowOptions): Promise<void> {
    const { signal } = options;
    const pace = new PollPace(this.href ?? "");
    try {
      for (let waitMs = 0; !this.finished; waitMs = pace.next()) {
        await delay(waitMs, signal);
        await this.#ask(options);
        tell(this.#state);
      }
    } catch (error) {
      if (!signal?.aborted) throw error;
      await this.#requestCancel();
      throw signal.reason;
    } finally {
      pace.end();
    }
  }

  /** The state, anew. A server that does not answer for a while is asked again. */
  async #ask({ signal, silentMs = SILENT_MS }: FollowOptions): Promise<void> {
    const { href } = this;
    if (href === undefined) return;
    const ask = async (either: AbortSignal) => {
      const late = new AbortController();
      const request = { signal: AbortSignal.any([either, late.signal]) };
      const heard = this.#http.request(href, request).then((answer) => this.#hear(answer));
      await within(heard, silentMs, () => silent(href, silentMs)).finally(() => late.abort());
    };
    await retried(ask, { pauses: RECONNECT_PAUSES, mostFailures: PATIENCE, mayPass, signal });
  }

  /** The state of a run, or nothing while it is accepted only; else its output: not every server has states. */
  async #hear(response: Response): Promise<void> {
    const { status } = response;
    const content = await this.#http.content<unknown>(response);
    const isState = isRecord(content) && typeof content.status === "string";
    this.#toldBy(response);
    if (isState) this.#state = content;
    else if (status !== 202) {
      this.#output = content as O; // what the Thing Description promises
      this.#state = { status: "completed" };
    }
  }

  /**
   * A run that has ended meanwhile cannot be cancelled any more, and that is as good.
   * @throws {ClientError} for a client that may not.
   */
  async #requestCancel(): Promise<void> {
    const { href } = this;
    if (href === undefined || this.finished) return;
    const request = { method: "DELETE", signal: AbortSignal.timeout(CANCEL_MS) };
    await this.#http.request(href, request).catch((error: unknown) => {
      const isOver = error instanceof ClientError && error.status >= 400;
      if (!isOver || [401, 403].includes(error.status)) throw error;
    });
  }

  /** Clocks of instruments go wrong: how long a run has run is reckoned by the server's alone. */
  #toldBy(answer: Response | undefined): void {
    const date = Date.parse(answer?.headers.get("date") ?? "");
    this.#told = { wall: Number.isNaN(date) ? Date.now() : date, at: performance.now() };
  }

  #outputIn({ output }: JsonObject): O {
    return output as O; // what the Thing Description promises
  }

  #failure(): ClientError {
    const { error, log } = this.#state;
    const isCancelled = this.status === "cancelled";
    const words = textOf(objectOf(listOf(log).at(-1)).message);
    const fallback = isCancelled
      ? `The action '${this.action}' was cancelled.`
      : `The action '${this.action}' failed${words ? `: ${words}` : " and did not say why."}`;
    if (isRecord(error)) return problemError(error, { fallback, ...this.#place });
    const code = isCancelled ? "ACTION_CANCELLED" : "ACTION_FAILED";
    return new ClientError(code, fallback, this.#place);
  }

  get #place(): { url?: string } {
    return this.href === undefined ? {} : { url: this.href };
  }
}

function silent(url: string, ms: number): ClientError {
  const what = `${url} has not answered for ${ms / 1000} s. Is the server still running?`;
  return new ClientError("UNREACHABLE", what, { url });
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
  return location ? new URL(location, response.url).href : hrefIn(body, response.url);
}

/** Where the invocation with this state can be asked about, if it says so. */
export function hrefIn(state: JsonObject, base: string): string | undefined {
  const self = listOf(state.links)
    .filter(isRecord)
    .find(({ rel }) => rel === "self");
  const href = textOf(state.href) ?? textOf(self?.href);
  return href !== undefined && URL.canParse(href, base) ? new URL(href, base).href : undefined;
}

/** True for the ends of a run that was asked to stop: cancelled, failed in its own way, or forgotten. */
function isEnd(error: unknown): boolean {
  return error instanceof ClientError && error.code !== "UNREACHABLE";
}
