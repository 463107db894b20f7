import { Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { Blob } from "../../files/blob.ts";
import { type FormPlace, JSON_TYPE, type Route } from "../http/route.ts";
import { InvocationListSchema, InvocationSchema } from "../td/schemas.ts";
import { renderContext } from "./actions.ts";
import { sendBlob } from "./blobs.ts";
import { invocationJson, invocationSummary } from "./invocation-json.ts";

/** All invocations, one of them, its output, and its cancellation. */
export function invocationRoutes(host: ThingHost, prefix: string): Route[] {
  const { invocations } = host;
  const all = `${prefix}/action_invocations`;
  const params = { id: Type.String({ description: "The last segment of the invocation's URL" }) };
  return [
    {
      method: "GET",
      path: all,
      role: "view",
      summary: "List the invocations of all actions",
      response: { status: 200, contentType: JSON_TYPE, schema: InvocationListSchema },
      large: true,
      handle: async (exchange) => ({
        status: 200,
        headers: { Vary: "Accept" },
        body: invocations
          .list()
          .map((record) => invocationSummary(record, renderContext(exchange, prefix))),
      }),
    },
    {
      method: "GET",
      path: `${all}/:id`,
      role: "view",
      summary: "Get the status of an invocation",
      form: placesFor(host, "queryaction"),
      params,
      response: {
        status: 200,
        contentType: JSON_TYPE,
        schema: InvocationSchema,
        named: "actionStatus",
      },
      large: true,
      errors: ["NOT_FOUND"],
      handle: async (exchange) => ({
        status: 200,
        body: invocationJson(invocations.get(exchange.params.id!), renderContext(exchange, prefix)),
        headers: { Vary: "Accept" },
      }),
    },
    {
      method: "DELETE",
      path: `${all}/:id`,
      role: "operate",
      summary: "Cancel an invocation",
      form: placesFor(host, "cancelaction"),
      params,
      response: { status: 204 },
      errors: ["NOT_FOUND", "NOT_CANCELLABLE"],
      handle: async ({ params }) => {
        invocations.get(params.id!).cancel();
        return { status: 204 };
      },
    },
    {
      method: "GET",
      path: `${all}/:id/output`,
      role: "view",
      summary: "Fetch the output of an invocation: JSON, or the bytes of a file",
      params,
      response: { status: 200, contentType: JSON_TYPE, otherTypes: ["*/*"] },
      errors: ["NOT_FOUND", "NO_OUTPUT"],
      handle: async (exchange) => {
        const record = invocations.get(exchange.params.id!);
        // 0, false, "" and [] are outputs; LabThings takes them for none.
        if (record.output === undefined || record.output === null)
          throw noOutput(record.action, record.status);
        if (record.output instanceof Blob) return sendBlob(record.output, exchange);
        return { status: 200, body: record.output };
      },
    },
  ];
}

/** One resource for all: the forms of every action that answers before it has ended. */
function placesFor({ things }: ThingHost, op: string): FormPlace[] {
  return [...things.values()].flatMap(({ name, model }) =>
    [...model.actions.values()]
      .filter(({ synchronous }) => !synchronous)
      .map((action) => ({ thing: name, kind: "actions", affordance: action.name, op: [op] })),
  );
}

function noOutput(action: string, status: string): ThingError {
  const why = status === "completed" ? "it completed without one" : `its status is ${status}`;
  return new ThingError(
    "NO_OUTPUT",
    `No result is available for this invocation of '${action}': ${why}.`,
  );
}
