import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { type Static, Type } from "typebox";
import { messageOf } from "../../../base/errors.ts";
import { countedLimit } from "../../../base/limit-hits.ts";
import type { Log } from "../../../base/log.ts";
import { hasFewLevels } from "../../../base/values.ts";
import { errorsIn } from "../../../core/schema.ts";
import type { Outcome } from "../../../work/ticket.ts";
import type { ReportOutcome } from "../../../work/ticket-counts.ts";
import { mayAnswer } from "../replies.ts";
import type { QueueWork } from "./queue-work.ts";
import { ADDRESSES_QUESTION } from "./token-addresses.ts";

/** Characters of a result as JSON. */
export const MOST_RESULT = 65_536;
/** Objects and lists in each other in a result: programs that read a ledger take some hundreds. */
const MOST_LEVELS = 100;
/** Characters of a worker's name. */
export const MOST_NAME = 100;
/** Characters of a reason. */
export const MOST_WHY = 1000;
/** Bytes of a report: a character may take six, and there is a reason of any length. */
const MOST_BYTES = 8 * MOST_RESULT;
/** Reports that wait for the ledger's disk at a time; more are to come again. */
const MOST_AT_ONCE = 1000;

const busyLimit = countedLimit("work_reports");

/** What a worker says of a ticket. */
const Report = Type.Object({
  ticket: Type.String({ maxLength: 100 }),
  worker: Type.String({ minLength: 1, maxLength: MOST_NAME }),
  state: Type.Enum(["done", "failed", "gone", "gave_up"]),
  result: Type.Optional(Type.Unknown()),
  why: Type.Optional(Type.String()),
});
/** What a worker says of a ticket: `gone` when its frame is nowhere any more, `gave_up` when the handler said so. */
export type Report = Static<typeof Report>;

/** What a worker is answered. After everything but `retry` it acknowledges the ticket. */
export interface ReportAnswer {
  readonly outcome: ReportOutcome | "retry";
  /** In words, of a report that was refused. */
  readonly why?: string;
}

interface Taking {
  readonly subject: string;
  readonly work: QueueWork;
  /** Where this server is, as its lease says: a worker asks that before it sends its token to the address in a ticket. */
  readonly addresses: readonly string[];
  readonly log: Log;
}

/**
 * Takes reports of workers, and answers when they are on the disk.
 * @returns How to stop.
 */
export function takeReports(
  connection: NatsConnection,
  { subject, work, addresses, log }: Taking,
): () => void {
  let waiting = 0;
  const take = async (message: Msg) => {
    if (asksAddresses(message)) {
      message.respond(JSON.stringify({ addresses }));
      return;
    }
    if (waiting >= MOST_AT_ONCE) busyLimit.hit();
    if (waiting >= MOST_AT_ONCE || work.ledger.failure !== undefined) {
      answer(message, { outcome: "retry" });
      return;
    }
    waiting += 1;
    try {
      const said = accept(message, work);
      await work.ledger.written();
      answer(message, said);
    } finally {
      waiting -= 1;
    }
  };
  const subscription = connection.subscribe(subject, {
    callback(error, message) {
      if (error || !mayAnswer(message, log)) return;
      take(message).catch((cause) => log.debug(messageOf(cause))); // the connection has ended
    },
  });
  return () => subscription.unsubscribe();
}

function asksAddresses(message: Msg): boolean {
  return message.data.length < 100 && message.string() === JSON.stringify(ADDRESSES_QUESTION);
}

function accept(message: Msg, { tickets, counts }: QueueWork): ReportAnswer {
  const report = reportIn(message);
  if (typeof report === "string") {
    counts.reported("refused");
    return { outcome: "refused", why: report };
  }
  return { outcome: tickets.report(report.ticket, outcomeOf(report)) };
}

/** The report, or what is wrong with it. */
function reportIn(message: Msg): Report | string {
  if (message.data.length > MOST_BYTES)
    return tooLarge(`The report has ${message.data.length} bytes`);
  let report: unknown;
  let size: number;
  try {
    report = message.json();
    size = JSON.stringify((report as Partial<Report>).result ?? null).length;
  } catch {
    return "A report is one JSON object.";
  }
  const [fault] = errorsIn(Report, report);
  if (fault) return `The report is not one: ${fault.instancePath || "it"} ${fault.message}.`;
  if (size > MOST_RESULT) return resultTooLarge(size);
  return hasFewLevels((report as Report).result, MOST_LEVELS) ? (report as Report) : TOO_DEEP;
}

const TOO_DEEP = `Objects and lists stand in the result more than ${MOST_LEVELS} deep. Report it flat.`;

/** @param size - Characters as JSON. */
export function resultTooLarge(size: number): string {
  return tooLarge(`The result has ${size} characters as JSON`);
}

function tooLarge(what: string): string {
  return `${what}. ${MOST_RESULT} are the most of a result: put what is larger into a file, and report where it is.`;
}

function outcomeOf({ worker, state, result, why = "" }: Report): Outcome {
  const words = why.slice(0, MOST_WHY);
  if (state === "done") return { state, worker, result: result ?? null };
  if (state === "failed") return { state, worker, why: words };
  return { state: "dropped", cause: state, worker, why: words };
}

function answer(message: Msg, said: ReportAnswer): void {
  if (message.reply) message.respond(JSON.stringify(said));
}
