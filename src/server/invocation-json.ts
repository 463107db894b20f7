import { toDateTime } from "../base/clock.ts";
import type { InvocationRecord } from "../core/invocation.ts";
import { problemOf } from "./problem.ts";
import { JSON_TYPE } from "./route.ts";

/** How an invocation is told to one client. */
export interface Telling {
  readonly origin: string;
  readonly prefix: string;
  /** The request's Accept header. */
  readonly accept: string | undefined;
}

/** Where an invocation can be asked about, absolute. */
export function invocationUrl(record: InvocationRecord, { origin, prefix }: Telling): string {
  return `${origin}${prefix}/action_invocations/${record.id}`;
}

/**
 * One resource for all clients: the members of LabThings' invocation and those of WoT Profile's ActionStatus.
 * @see labthings-fastapi 0.3.0; WoT Profiles 1.0, WD 2025-09-30, 6.2.4.
 */
export function invocationJson(
  record: InvocationRecord,
  telling: Telling,
): Record<string, unknown> {
  return {
    ...invocationSummary(record, telling),
    input: record.input,
    ...(record.status === "completed" && { output: record.output ?? null }),
    log: record.log,
    error: record.error ? problemOf(record.error) : null,
  };
}

/** The same without input, output, log and error: what lists hold. */
export function invocationSummary(
  record: InvocationRecord,
  telling: Telling,
): Record<string, unknown> {
  const href = invocationUrl(record, telling);
  return {
    status: statusWord(record, telling.accept),
    id: record.id,
    action: `${telling.prefix}/${record.thing}/${record.action}`,
    href,
    timeRequested: toDateTime(record.timeRequested),
    timeStarted: time(record.timeStarted),
    timeCompleted: time(record.timeEnded),
    timeEnded: time(record.timeEnded),
    progress: record.progress ?? null,
    links: [
      { href, type: null, rel: "self", anchor: null },
      { href: `${href}/output`, type: null, rel: "output", anchor: null },
    ],
  };
}

/** A Profile consumer asks for exactly JSON and knows one word for every bad end; LabThings' clients know two. */
function statusWord({ status }: InvocationRecord, accept: string | undefined): string {
  const endedBadly = status === "error" || status === "cancelled";
  return endedBadly && accept?.trim() === JSON_TYPE ? "failed" : status;
}

function time(epochMs: number | undefined): string | null {
  return epochMs === undefined ? null : toDateTime(epochMs);
}
