import type { ServerResponse } from "node:http";
import { type TSchema, Type } from "typebox";
import type { ActionAffordance } from "../../core/affordances.ts";
import { coerce } from "../../core/coerce.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { InvocationRecord } from "../../core/invocation.ts";
import { describedInput, errorsIn, forbidAdditional } from "../../core/schema.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { mayHoldBlobs } from "../../files/blob.ts";
import type { BlobStore } from "../../files/blob-store.ts";
import { isProfileConsumer } from "../http/accept.ts";
import { covers, roleOf } from "../http/identity.ts";
import { type Exchange, JSON_TYPE, type Reply, type Route } from "../http/route.ts";
import { InvocationListSchema, InvocationSchema } from "../td/schemas.ts";
import {
  actionStatus,
  invocationJson,
  invocationSummary,
  invocationUrl,
  type RenderContext,
  runsByAction,
} from "./invocation-json.ts";

/** Invoke each action, list its invocations, and those of all actions. */
export function actionRoutes(
  hosted: HostedThing,
  host: ThingHost,
  prefix: string,
  blobs: BlobStore,
): Route[] {
  const base = `${prefix}/${hosted.name}`;
  const routes = [...hosted.model.actions.values()].flatMap((action): Route[] => {
    const path = `${base}/${action.name}`;
    const called = `'${action.title ?? action.name}' of ${hosted.name}`;
    const blobsIn = mayHoldBlobs(action.input) ? action.input : undefined;
    return [
      {
        method: "POST",
        path,
        role: "operate",
        summary: `Invoke ${called}`,
        description: action.description,
        form: {
          thing: hosted.name,
          kind: "actions",
          affordance: action.name,
          op: ["invokeaction"],
        },
        request: {
          contentType: JSON_TYPE,
          ...(action.input && { schema: describedInput(action.input) }),
          isOptional: !needsInput(action),
        },
        ...(action.synchronous ? synchronousAnswer(action) : asynchronousAnswer(action)),
        handle: async (exchange) => {
          const given = readInput(action, await exchange.json(), exchange);
          const input = blobsIn ? blobs.resolve(given, blobsIn) : given;
          const record = hosted.invoke(action.name, input);
          void record.ended.then(() => blobs.retain(record.output));
          if (action.synchronous) return outputOf(record, action, exchange.response);
          const context = renderContext(exchange, prefix);
          return {
            status: 201,
            body: invocationJson(record, context),
            headers: { Location: invocationUrl(record, context), Vary: "Accept" },
          };
        },
      },
      {
        method: "GET",
        path,
        role: "view",
        summary: `List the invocations of ${called}`,
        response: { status: 200, contentType: JSON_TYPE, schema: InvocationListSchema },
        large: true,
        handle: async (exchange) => {
          const records = host.invocations.list({ thing: hosted.name, action: action.name });
          return {
            status: 200,
            body: records.map((record) =>
              invocationSummary(record, renderContext(exchange, prefix)),
            ),
            headers: { Vary: "Accept" },
          };
        },
      },
    ];
  });
  return routes.length > 0 ? [...routes, allActionsRoute(hosted, host, prefix)] : [];
}

/** Input as a client of its dialect means it: pages send what is typed into a field as a string. */
function readInput({ input }: ActionAffordance, given: unknown, { request }: Exchange): unknown {
  return input && !isProfileConsumer(request.headers.accept) ? coerce(input, given) : given;
}

/** False for an action that has defaults for everything, or takes nothing. */
function needsInput({ input }: ActionAffordance): boolean {
  return input !== undefined && errorsIn(forbidAdditional(input), {}).length > 0;
}

const COMMON_ERRORS = ["NOT_READY", "TOO_MANY_INVOCATIONS"] as const;

/** The answer comes at once: the invocation tells how it goes. */
function asynchronousAnswer({ output }: ActionAffordance) {
  const schema = output
    ? { allOf: [InvocationSchema, { properties: { output: orNull(output) } }] }
    : InvocationSchema;
  return {
    response: { status: 201, contentType: JSON_TYPE, schema, named: "actionStatus" },
    errors: COMMON_ERRORS,
  } as const;
}

/** An invocation that has not completed has `null` for its output. */
function orNull(output: TSchema): TSchema {
  return { anyOf: [output, { type: "null" }] };
}

function synchronousAnswer({ output }: ActionAffordance) {
  return {
    response: output ? { status: 200, contentType: JSON_TYPE, schema: output } : { status: 204 },
    errors: [...COMMON_ERRORS, "LOCK_BUSY", "ACTION_CANCELLED"] as const,
  };
}

/** The answer of a synchronous action. It is cancelled when its client goes away: nobody would hear of it. */
async function outputOf(
  record: InvocationRecord,
  { output }: ActionAffordance,
  response: ServerResponse,
): Promise<Reply> {
  const cancel = () => record.finished || record.isShared || record.cancel();
  if (response.destroyed) cancel();
  response.once("close", cancel);
  await record.ended;
  response.off("close", cancel);
  if (record.error) throw record.error;
  const hasNone = output === undefined && (record.output ?? null) === null;
  return hasNone ? { status: 204 } : { status: 200, body: record.output ?? null };
}

const RUNS_BY_ACTION = Type.Record(Type.String(), InvocationListSchema);

/** Synchronous actions are not among them: who invoked one knows how it went. */
function allActionsRoute(hosted: HostedThing, host: ThingHost, prefix: string): Route {
  return {
    method: "GET",
    path: `${prefix}/${hosted.name}/actions`,
    role: "view",
    summary: `Status of every invocation of every action of ${hosted.name}, newest first`,
    form: { thing: hosted.name, kind: "thing", op: ["queryallactions"] },
    response: { status: 200, contentType: JSON_TYPE, schema: RUNS_BY_ACTION },
    large: true,
    handle: async (exchange) => {
      const context = renderContext(exchange, prefix);
      const body = runsByAction(hosted, host.invocations, (record) =>
        actionStatus(record, context),
      );
      return { status: 200, body, headers: { Vary: "Accept" } };
    },
  };
}

/** How invocations are rendered for this client: absolute URLs as it addressed us, words as it accepts them, logs if it may operate. */
export function renderContext(
  { root, request, identity }: Exchange,
  prefix: string,
): RenderContext {
  const mayReadLog = covers(roleOf(identity), "operate");
  return { root, prefix, accept: request.headers.accept, mayReadLog };
}
