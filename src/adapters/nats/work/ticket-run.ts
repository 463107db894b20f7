import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { delay } from "../../../base/abort.ts";
import { now } from "../../../base/clock.ts";
import { asSentence, messageOf, reasonOf, ThingError } from "../../../base/errors.ts";
import { GiveUp, type Handler, type WorkerCounts } from "./handler.ts";
import type { PictureAnswer, Pictures } from "./pictures.ts";
import {
  MOST_RESULT,
  MOST_WHY,
  type Report,
  type ReportAnswer,
  resultTooLarge,
} from "./reports.ts";
import type { RunningHandlers } from "./running-handlers.ts";
import type { TicketMessage } from "./ticket-message.ts";

/** After so many deliveries the server's pictures are not reached from anywhere. */
const MOST_DELIVERIES = 5;
const REPORT_MS = 5000;
const PAUSE_MS = 500;
/** A server that has not answered for so long has its ticket back, ms. */
export const UNREACHED_MS = 5000;
/** For how long it is reported that a frame is gone, ms: its ticket may have any age. */
const GONE_MS = 60_000;

/** What the runs of a worker share. */
export interface RunOptions {
  readonly connection: NatsConnection;
  /** Subject of the reports. */
  readonly reports: string;
  readonly worker: string;
  readonly pictures: Pictures;
  readonly handlers: RunningHandlers;
  /** Who is not heard of for so long loses the ticket, ms. */
  readonly silenceMs: number;
}

/** What is to be reported, and until when somebody waits for it, ms of `now()`. */
interface Finding {
  readonly state: Report["state"];
  /** The result as JSON. */
  readonly result?: string;
  readonly why?: string;
  readonly endsAt: number;
}

/** Bytes of a refusal that are read for its reason. */
const MOST_DETAIL = 65_536;
/** A ticket has no longer, ms; a timer does not either. */
const LONGEST_MS = 2 ** 31 - 1;

type End = keyof WorkerCounts;

/** One delivery of a ticket: fetched, handled, reported, acknowledged. */
export class TicketRun {
  readonly #message: JsMsg;
  readonly #ticket: TicketMessage;
  readonly #options: RunOptions;

  constructor(message: JsMsg, ticket: TicketMessage, options: RunOptions) {
    this.#message = message;
    this.#ticket = ticket;
    this.#options = options;
  }

  /**
   * @returns What it counts as; undefined when it was given back, since `signal` has aborted or the server is not reached.
   * @throws whatever NATS throws; {ThingError} `PROGRAM_REFUSED` when this worker may not have pictures.
   */
  async handle(handler: Handler, signal: AbortSignal): Promise<End | undefined> {
    const beat = setInterval(() => this.#message.working(), this.#options.silenceMs / 4);
    try {
      const found = await this.#find(handler, signal);
      if (found === "unreached") {
        this.#message.nak(UNREACHED_MS); // it may say where the server was before
        return undefined;
      }
      const end = found === "ended" ? "passed" : await this.#report(found, signal);
      this.#message.ack();
      return end;
    } catch (error) {
      this.#message.nak(signal.aborted ? undefined : UNREACHED_MS);
      if (!signal.aborted) throw error;
      return undefined;
    } finally {
      clearInterval(beat);
    }
  }

  async #find(handler: Handler, signal: AbortSignal): Promise<Finding | "ended" | "unreached"> {
    const fetched = await this.#fetch(signal);
    if (typeof fetched === "string" || "state" in fetched) return fetched;
    const { jpeg, endsAt } = fetched;
    const old = new AbortController();
    const timer = setTimeout(() => old.abort(), endsAt - now());
    const onAbort = () => old.abort();
    signal.addEventListener("abort", onAbort);
    try {
      const { run, index, captured_at: capturedAt } = this.#ticket;
      const frame = { run, index, capturedAt, jpeg, signal: old.signal };
      const result = await this.#options.handlers.run(() => handler(frame), old.signal);
      return { ...doneWith(result), endsAt };
    } catch (error) {
      signal.throwIfAborted();
      if (old.signal.aborted) return "ended"; // the server has dropped it
      const state = error instanceof GiveUp ? "gave_up" : "failed";
      return { state, why: messageOf(error), endsAt };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** The picture; or what is to be said, since it is gone or the ticket has ended. Tried again while the server does not answer. */
  async #fetch(
    signal: AbortSignal,
  ): Promise<{ jpeg: Uint8Array; endsAt: number } | Finding | "ended" | "unreached"> {
    const { url } = this.#ticket;
    let why = "";
    for (const begin = now(); now() - begin < UNREACHED_MS; ) {
      signal.throwIfAborted();
      const answer = await this.#options.pictures.get(url, signal).catch((error) => {
        why = ` (${reasonOf(error)})`;
        return undefined;
      });
      if (answer) why = ` (it answered ${answer.status})`;
      const remainingMs = Number(answer?.headers["ticket-remaining-ms"]);
      if (answer?.status === 200 && remainingMs >= 0 && remainingMs <= LONGEST_MS)
        return { jpeg: answer.body, endsAt: now() + remainingMs };
      if (answer?.status === 410) return "ended";
      if (answer?.status === 404) return this.#gone(detailOf(answer));
      if (answer && answer.status < 500) throw notFetched(url, answer);
      await delay(PAUSE_MS, signal);
    }
    if (this.#message.info.deliveryCount < MOST_DELIVERIES) return "unreached";
    return this.#gone(`the server was not reached at ${url}${why}`);
  }

  #gone(why: string): Finding {
    return { state: "gone", why, endsAt: now() + GONE_MS };
  }

  /** Until the server has taken it, and has written it into its ledger then; or nobody waits for it any more. */
  async #report(found: Finding, signal: AbortSignal): Promise<End> {
    const { connection, reports } = this.#options;
    for (let { state, text } = this.#reportOf(found); now() < found.endsAt; ) {
      signal.throwIfAborted();
      const answer = await connection
        .request(reports, text, { timeout: REPORT_MS })
        .then((message) => message.json<ReportAnswer>())
        .catch((error) => {
          if (connection.isClosed()) throw error;
          return { outcome: "retry" } as const; // the server may be starting
        });
      if (answer.outcome === "recorded") return countedAs(state);
      if (answer.outcome === "refused" && state === "done")
        ({ state, text } = this.#reportOf({ ...found, ...failedWith(answer.why ?? "") }));
      else if (answer.outcome !== "retry") return "passed";
      else await delay(PAUSE_MS, signal);
    }
    return "passed";
  }

  #reportOf(found: Finding): { state: Report["state"]; text: string } {
    const { state, result, why = "" } = found;
    const { run, index } = this.#ticket;
    const { worker } = this.#options;
    const said = { ticket: `${run}:${index}`, worker, state, why: why.slice(0, MOST_WHY) };
    const text = JSON.stringify(said);
    if (state !== "done") return { state, text };
    const whole = `${text.slice(0, -1)},"result":${result}}`;
    const bytes = Buffer.byteLength(whole);
    const most = this.#options.connection.info?.max_payload ?? bytes;
    return bytes > most
      ? this.#reportOf({ ...found, ...tooLong(bytes, most) })
      : { state, text: whole };
  }
}

/** The result as JSON; or why it is none, or too large to be sent. */
function doneWith(result: unknown): Omit<Finding, "endsAt"> {
  try {
    const text = JSON.stringify(result) ?? "null";
    if (text.length > MOST_RESULT) return failedWith(resultTooLarge(text.length));
    return { state: "done", result: text };
  } catch (error) {
    return failedWith(`The result cannot be JSON: ${messageOf(error)}`);
  }
}

function failedWith(why: string): Omit<Finding, "endsAt"> {
  return { state: "failed", why };
}

function tooLong(bytes: number, most: number): Omit<Finding, "endsAt"> {
  return failedWith(
    `The result has ${bytes} bytes with its report, and a message of this NATS server holds ${most}. Make max_payload of nats-server larger, or report less.`,
  );
}

function countedAs(state: Report["state"]): End {
  if (state === "done" || state === "failed") return state;
  return "dropped";
}

function detailOf({ body }: PictureAnswer): string {
  const text = body.subarray(0, MOST_DETAIL).toString();
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return (typeof detail === "string" ? detail : text).slice(0, MOST_WHY);
  } catch {
    return text.slice(0, MOST_WHY);
  }
}

function notFetched(url: string, answer: PictureAnswer): ThingError {
  const { status, headers } = answer;
  if (status >= 300 && status < 400) return redirected(url, headers.location ?? "");
  return new ThingError(
    "PROGRAM_REFUSED",
    `The server does not give this worker the frame at ${url}: ${asSentence(detailOf(answer))} Give it a 'token' of an account that may view.`,
  );
}

function redirected(url: string, location: string): ThingError {
  const to = URL.canParse(location, url) ? new URL(location, url).origin : "nowhere";
  return new ThingError(
    "PROGRAM_REFUSED",
    `${url} redirects to ${to}, and redirects are not followed: a token must not go there. Give the server of the queue the address at which it answers itself, as 'url' in its 'fleet'.`,
  );
}
