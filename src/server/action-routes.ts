import type { HostedThing } from "../core/hosted-thing.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { BlobStore } from "../outputs/blob-store.ts";
import {
  invocationJson,
  invocationSummary,
  invocationUrl,
  type Telling,
} from "./invocation-json.ts";
import { type Exchange, JSON_TYPE, type Route } from "./route.ts";
import { InvocationListSchema, InvocationSchema } from "./wire-schemas.ts";

/** Invoke each action, and list its invocations. The answer comes at once: the invocation tells how it goes. */
export function actionRoutes(
  hosted: HostedThing,
  host: ThingHost,
  prefix: string,
  blobs: BlobStore,
): Route[] {
  return [...hosted.model.actions.values()].flatMap(
    ({ name, input, output, title, description }): Route[] => {
      const path = `${prefix}/${hosted.name}/${name}`;
      const called = `'${title ?? name}' of ${hosted.name}`;
      return [
        {
          method: "POST",
          path,
          role: "operate",
          summary: `Invoke ${called}`,
          description,
          form: { thing: hosted.name, kind: "actions", affordance: name, op: ["invokeaction"] },
          request: { contentType: JSON_TYPE, ...(input && { schema: input }) },
          response: {
            status: 201,
            contentType: JSON_TYPE,
            schema: output
              ? { allOf: [InvocationSchema, { properties: { output } }] }
              : InvocationSchema,
          },
          handle: async (exchange) => {
            const given = (await exchange.json()) ?? undefined;
            const record = hosted.invoke(name, input ? blobs.resolve(given, input) : given);
            void record.ended.then(() => blobs.retain(record.output));
            const telling = tellingFor(exchange, prefix);
            return {
              status: 201,
              body: invocationJson(record, telling),
              headers: { Location: invocationUrl(record, telling), Vary: "Accept" },
            };
          },
        },
        {
          method: "GET",
          path,
          role: "view",
          summary: `List the invocations of ${called}`,
          response: { status: 200, contentType: JSON_TYPE, schema: InvocationListSchema },
          handle: async (exchange) => {
            const records = host.invocations.list({ thing: hosted.name, action: name });
            return {
              status: 200,
              body: records.map((record) =>
                invocationSummary(record, tellingFor(exchange, prefix)),
              ),
            };
          },
        },
      ];
    },
  );
}

/** What this client is told of invocations: absolute URLs as it addressed us, words as it accepts them. */
export function tellingFor({ origin, request }: Exchange, prefix: string): Telling {
  return { origin, prefix, accept: request.headers.accept };
}
