import { randomUUID } from "node:crypto";
import type { RawData } from "ws";
import { toDateTime, wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { isRecord } from "../../base/values.ts";
import type { InvocationRecord } from "../../core/invocation.ts";
import { parseJson } from "../http/json.ts";
import { type Problem, problemOf } from "../http/problem.ts";

/** What a consumer asks for. Which members there are depends on the operation. */
export interface WebThingRequest {
  readonly operation: string;
  readonly members: Readonly<Record<string, unknown>>;
  /** Goes into every message that belongs to this request. */
  readonly correlationID?: string;
}

/** What a client names itself, and has repeated in every message that belongs to it, characters. */
const MOST_REPEATED = 256;

/** Statuses that the protocol has a word for. */
const COMMON = new Set([400, 403, 404, 500, 503]);
const ERRORS = "https://w3c.github.io/web-thing-protocol/errors#";

/**
 * The request in a message.
 * @throws {ThingError} `BAD_ARGUMENT`, `NOT_FOUND` for another Thing.
 */
export function requestIn(data: RawData, isBinary: boolean, thingID: string): WebThingRequest {
  if (isBinary) throw bad("Messages are JSON in text frames; this one was binary.");
  const json = parseJson(data.toString());
  if ("errorAt" in json)
    throw bad(`The message is not JSON: the error is at character ${json.errorAt}.`);
  if (json.inexact !== undefined) throw bad(`The message has ${json.inexact}.`);
  const { value } = json;
  if (!isRecord(value)) throw bad("The message is not a JSON object.");
  const members: Record<string, unknown> = { ...value };
  const { messageType, operation, correlationID } = members;
  if (members.thingID !== undefined && members.thingID !== thingID)
    throw new ThingError("NOT_FOUND", `This WebSocket serves only the Thing ${thingID}.`);
  if (messageType !== "request") throw bad("'messageType' must be \"request\".");
  if (typeof correlationID === "string" && correlationID.length > MOST_REPEATED)
    throw bad(`'correlationID' has more than ${MOST_REPEATED} characters. Send a shorter one.`);
  if (typeof operation !== "string" || operation.length > MOST_REPEATED)
    throw bad("'operation' must be the name of an operation.");
  return {
    operation,
    members,
    ...(typeof correlationID === "string" && { correlationID }),
  };
}

/** What can be said of a message that is no request: an error answers it with as much of it as can be read. */
export function correlationIn(data: RawData): Partial<WebThingRequest> {
  const json = parseJson(data.toString());
  const value = "value" in json ? Object(json.value) : {};
  return {
    ...(isShort(value.operation) && { operation: value.operation }),
    ...(isShort(value.correlationID) && { correlationID: value.correlationID }),
  };
}

/** Whether a value may be repeated. */
export function isShort(value: unknown): value is string {
  return typeof value === "string" && value.length <= MOST_REPEATED;
}

export function textMember({ members }: WebThingRequest, member: string): string {
  const value = members[member];
  if (typeof value === "string") return value;
  throw bad(`'${member}' is missing: it must be a string.`);
}

/** Members that every message has. */
export function envelope(
  thingID: string,
  messageType: "response" | "notification",
  { operation, correlationID }: Partial<WebThingRequest>,
): Record<string, unknown> {
  return {
    thingID,
    messageID: randomUUID(),
    messageType,
    ...(operation !== undefined && { operation }),
    ...(correlationID !== undefined && { correlationID }),
    timestamp: toDateTime(wallTime()),
  };
}

/** What an error is called here: 422 and 405 have no word of their own. */
export function errorMember(error: unknown): Record<string, unknown> {
  return errorOf(problemOf(error));
}

/** The same for a problem that has been made of it already. */
export function errorOf({ instance: _, ...problem }: Problem): Record<string, unknown> {
  const status = problem.status === 422 ? 400 : problem.status === 405 ? 403 : problem.status;
  return { ...problem, status, ...(COMMON.has(status) && { type: ERRORS + status }) };
}

/** @see Web Thing Protocol, WebSocket Sub-protocol, Draft Community Group Report of November 2025, ActionStatus object. */
export function actionStatus(record: InvocationRecord): Record<string, unknown> {
  const hasFailed = record.status === "error" || record.status === "cancelled";
  return {
    actionID: record.id,
    state: hasFailed ? "failed" : record.status,
    timeRequested: toDateTime(wallTime(record.timeRequested)),
    ...(record.timeEnded !== undefined && { timeEnded: toDateTime(wallTime(record.timeEnded)) }),
    ...(record.status === "completed" && { output: record.output ?? null }),
    ...(record.error && { error: errorMember(record.error) }),
  };
}

function bad(sentence: string): ThingError {
  return new ThingError("BAD_ARGUMENT", sentence);
}
