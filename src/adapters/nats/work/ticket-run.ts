import type { JsMsg } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";
import { abortable, delay } from "../../../base/abort.ts";
import { now } from "../../../base/clock.ts";
import { messageOf, ThingError } from "../../../base/errors.ts";
import type { Report, ReportAnswer } from "./reports.ts";
import type { TicketMessage } from "./ticket-stream.ts";

/** A frame, as a worker is given it. */
export interface WorkFrame {
  readonly run: string;
  readonly index: number;
  /** End of exposure, epoch ms. */
  readonly capturedAt: number;
  /** One complete JPEG file. */
  readonly jpeg: Uint8Array;
  /** Aborts when the ticket is too old, or the worker is closed. */
  readonly signal: AbortSignal;
}

/** What is done with a frame. What it returns is the result. */
export type Handler = (frame: WorkFrame) => unknown;

/** Thrown by a handler that cannot say anything of a frame, which is no failure: its ticket is dropped with this reason. */
export class GiveUp extends Error {}

/** What a worker has done since it began. */
export interface WorkerCounts {
  /** Tickets whose result was recorded. */
  readonly done: number;
  readonly failed: number;
  /** Tickets whose frame was gone, or that the handler gave up. */
  readonly dropped: number;
  /** Tickets that had ended before it could report, or that another had reported. */
  readonly passed: number;
}

/** After so many deliveries without a report a ticket has ended its workers. */
const MOST_DELIVERIES = 5;
const REPORT_MS = 5000;
const PAUSE_MS = 500;
/** A server that has not answered for so long has its ticket back, ms. */
const UNREACHED_MS = 5000;

interface RunOptions {
  readonly connection: NatsConnection;
  /** Subject of the reports. */
  readonly reports: string;
  readonly worker: string;
  readonly token: string | undefined;
  /** Who is not heard of for so long loses the ticket, ms. */
  readonly silenceMs: number;
}

type What = Omit<Report, "ticket" | "worker">;

/** One delivery of a ticket: fetched, handled, reported, acknowledged. */
export class TicketRun {
  readonly #message: JsMsg;
  readonly #ticket: TicketMessage;
  readonly #options: RunOptions;

  constructor(message: JsMsg, options: RunOptions) {
    this.#message = message;
    this.#ticket = message.json<TicketMessage>();
    this.#options = options;
  }

  /**
   * @returns What it counts as; undefined when it was given back, since `signal` has aborted or the server is not reached.
   * @throws whatever NATS throws.
   */
  async handle(handler: Handler, signal: AbortSignal): Promise<keyof WorkerCounts | undefined> {
    const beat = setInterval(() => this.#message.working(), this.#options.silenceMs / 4);
    try {
      const what = await this.#outcome(handler, signal);
      if (what === "unreached") {
        this.#message.nak(UNREACHED_MS); // it may say where the server was before
        return undefined;
      }
      const end = what === "ended" ? "passed" : await this.#report(what, signal);
      this.#message.ack();
      return end;
    } catch (error) {
      if (!signal.aborted) throw error;
      this.#message.nak();
      return undefined;
    } finally {
      clearInterval(beat);
    }
  }

  async #outcome(handler: Handler, signal: AbortSignal): Promise<What | "ended" | "unreached"> {
    if (this.#message.info.deliveryCount > MOST_DELIVERIES) {
      const why = `it was delivered ${MOST_DELIVERIES} times and no worker has reported: it may end its workers`;
      return { state: "failed", why };
    }
    const found = await this.#fetch(signal);
    if (!(found instanceof Response)) return found;
    const remainingMs = Number(found.headers.get("ticket-remaining-ms"));
    const jpeg = new Uint8Array(await found.arrayBuffer());
    const { run, index, captured_at: capturedAt } = this.#ticket;
    const old = new AbortController();
    const timer = setTimeout(() => old.abort(), remainingMs);
    try {
      const either = AbortSignal.any([signal, old.signal]);
      const frame = { run, index, capturedAt, jpeg, signal: either };
      const result = await abortable((async () => handler(frame))(), either);
      return { state: "done", result };
    } catch (error) {
      signal.throwIfAborted();
      if (old.signal.aborted) return "ended"; // the server has dropped it
      const state = error instanceof GiveUp ? "gave_up" : "failed";
      return { state, why: messageOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** The picture; or what is to be said, since it is gone or the ticket has ended. Tried again while the server does not answer. */
  async #fetch(signal: AbortSignal): Promise<Response | What | "ended" | "unreached"> {
    const { token } = this.#options;
    for (const begin = now(); now() - begin < UNREACHED_MS; ) {
      signal.throwIfAborted();
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(this.#ticket.url, { headers, signal }).catch(() => undefined);
      if (response?.ok) return response;
      const text = (await response?.text().catch(() => "")) ?? "";
      if (response?.status === 410) return "ended";
      if (response?.status === 404) return { state: "gone", why: detailOf(text) };
      if (response && response.status < 500) throw notFetched(this.#ticket.url, detailOf(text));
      await delay(PAUSE_MS, signal);
    }
    if (this.#message.info.deliveryCount < MOST_DELIVERIES) return "unreached";
    return { state: "gone", why: `the server was not reached at ${this.#ticket.url}` };
  }

  /** Until the server has taken it: it has written it into its ledger then. */
  async #report(what: What, signal: AbortSignal): Promise<keyof WorkerCounts> {
    const { connection, reports, worker } = this.#options;
    const { run, index } = this.#ticket;
    let report: Report = { ticket: `${run}:${index}`, worker, ...what };
    for (;;) {
      signal.throwIfAborted();
      const answer = await connection
        .request(reports, JSON.stringify(report), { timeout: REPORT_MS })
        .then((message) => message.json<ReportAnswer>())
        .catch((error) => {
          if (connection.isClosed()) throw error;
          return { outcome: "retry" } as const; // the server may be starting
        });
      if (answer.outcome === "recorded") return countedAs(report);
      if (answer.outcome === "refused" && report.state === "done") {
        const { why = "" } = answer;
        report = { ticket: report.ticket, worker, state: "failed", why };
      } else if (answer.outcome !== "retry") return "passed";
      else await delay(PAUSE_MS, signal);
    }
  }
}

function countedAs({ state }: Report): keyof WorkerCounts {
  if (state === "done" || state === "failed") return state;
  return "dropped";
}

function detailOf(text: string): string {
  try {
    const { detail } = JSON.parse(text) as { detail?: unknown };
    return typeof detail === "string" ? detail : text;
  } catch {
    return text;
  }
}

function notFetched(url: string, why: string): ThingError {
  return new ThingError(
    "PROGRAM_REFUSED",
    `The server does not give this worker the frame at ${url}: ${why} Give it a 'token' of an account that may view.`,
  );
}
