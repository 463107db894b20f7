import { toDateTime, wallTime } from "../../base/clock.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { InvocationRecord } from "../../core/invocation.ts";
import type { Invocations } from "../../core/invocations.ts";
import { isProfileConsumer } from "../http/accept.ts";

import { pathOf } from "../http/origin.ts";

import { problemOf } from "../http/problem.ts";

/** How an invocation is rendered for one client. */
export interface RenderContext {
  /** Where this server begins for the client: its URLs are absolute. */
  readonly root: string;
  readonly prefix: string;
  /** The request's Accept header. */
  readonly accept: string | undefined;
  /** Lines of logs are for operators, whichever way they come. */
  readonly mayReadLog: boolean;
}

/** Where an invocation can be asked about, absolute. */
export function invocationUrl(record: InvocationRecord, { root, prefix }: RenderContext): string {
  return `${root}${prefix}/action_invocations/${record.id}`;
}

/** Outputs in one answer, together. */
const LISTED_BYTES = 2 ** 20;

/**
 * The runs of each action of a Thing that answer later, newest first. Where their outputs come to more than 1 MiB, older
 * ones are left out: each can be asked about by itself.
 */
export function runsByAction(
  { name: thing, model }: HostedThing,
  invocations: Invocations,
  told: (record: InvocationRecord) => object,
): Record<string, object[]> {
  const runs = new Map<string, object[]>();
  for (const { name, synchronous } of model.actions.values()) if (!synchronous) runs.set(name, []);
  let bytes = 0;
  for (const record of invocations.list({ thing }).reverse()) {
    const ofAction = runs.get(record.action);
    if (!ofAction) continue;
    bytes += record.outputBytes;
    if (bytes > LISTED_BYTES) break;
    ofAction.push(told(record));
  }
  return Object.fromEntries(runs);
}

/**
 * One resource for all clients: the members of LabThings' invocation and those of WoT Profile's ActionStatus.
 * @see labthings-fastapi 0.3.0; WoT Profiles 1.0, WD 2025-09-30, 6.2.2.1.
 */
export function invocationJson(
  record: InvocationRecord,
  context: RenderContext,
): Record<string, unknown> {
  return {
    ...actionStatus(record, context),
    input: record.input,
    log: context.mayReadLog ? record.log : [],
  };
}

/** The same without input and log: what a Profile consumer is told of every invocation at once. */
export function actionStatus(
  record: InvocationRecord,
  context: RenderContext,
): Record<string, unknown> {
  const error = record.error ? toProfileShape(context, problemOf(record.error)) : null;
  const isCompleted = record.status === "completed";
  return {
    ...invocationSummary(record, context),
    ...(isCompleted && { output: record.output ?? null }),
    ...toProfileShape(context, { ...(!isCompleted && { output: null }), error }),
  };
}

/** The same without input, output, log and error: what LabThings' lists hold. */
export function invocationSummary(
  record: InvocationRecord,
  context: RenderContext,
): Record<string, unknown> {
  const href = invocationUrl(record, context);
  return toProfileShape(context, {
    status: record.status,
    id: record.id,
    action: `${pathOf(context.root)}${context.prefix}/${record.thing}/${record.action}`,
    href,
    timeRequested: toDateTime(wallTime(record.timeRequested)),
    timeStarted: time(record.timeStarted),
    timeCompleted: time(record.timeEnded),
    timeEnded: time(record.timeEnded),
    progress: record.progress ?? null,
    links: [
      { href, type: null, rel: "self", anchor: null },
      { href: `${href}/output`, type: null, rel: "output", anchor: null },
    ],
  });
}

/**
 * A Profile consumer knows one word for every bad end, and a member without a value is left out. LabThings' clients
 * know two words, and expect `null`.
 */
function toProfileShape({ accept }: RenderContext, members: object): Record<string, unknown> {
  const entries = Object.entries(members);
  if (!isProfileConsumer(accept)) return Object.fromEntries(entries);
  return Object.fromEntries(
    entries
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [
        key,
        key === "status" ? (BAD_ENDS.has(value) ? "failed" : value) : value,
      ]),
  );
}

const BAD_ENDS: ReadonlySet<unknown> = new Set(["error", "cancelled"]);

function time(at: number | undefined): string | null {
  return at === undefined ? null : toDateTime(wallTime(at));
}
