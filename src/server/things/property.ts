import type { TSchema } from "typebox";
import { coerce } from "../../core/coerce.ts";

import type { HostedThing } from "../../core/hosted-thing.ts";
import { isProfileConsumer } from "../http/dialect.ts";
import { JSON_TYPE, type Route } from "../http/route.ts";
import { collectionOf } from "./file.ts";
import { FILE_PAGE, fileListReply } from "./file-pages.ts";

/** Read, write and reset of each property, directly under the Thing's path. */
export function propertyRoutes(hosted: HostedThing, base: string): Route[] {
  return [...hosted.model.properties.values()].flatMap(
    ({ name, schema, readOnly, resettable, title, description }) => {
      const path = `${base}/${name}`;
      const files = collectionOf(hosted, name);
      const called = `'${title ?? name}' of ${hosted.name}`;
      const place = { thing: hosted.name, kind: "properties", affordance: name } as const;
      const routes: Route[] = [
        {
          method: "GET",
          path,
          role: "view",
          summary: `Read ${called}`,
          description,
          form: { ...place, op: ["readproperty"] },
          ...(files && { query: FILE_PAGE }),
          response: { status: 200, contentType: JSON_TYPE, schema },
          errors: ["INVALID_OUTPUT"],
          handle: async (exchange) => {
            const isPage = files && ["limit", "after"].some((one) => exchange.query.has(one));
            if (isPage) return fileListReply(files.list, exchange);
            return { status: 200, body: (await hosted.readProperty(name)) ?? null };
          },
        },
      ];
      if (!readOnly) {
        routes.push({
          method: "PUT",
          path,
          role: "operate",
          summary: `Write ${called}`,
          description,
          form: { ...place, op: ["writeproperty"] },
          request: {
            contentType: JSON_TYPE,
            schema,
            ...(isScalar(schema) && { otherTypes: ["text/plain"] }),
          },
          response: { status: 204 },
          errors: ["LOCK_BUSY"],
          handle: async (exchange) => {
            const { accept } = exchange.request.headers;
            const value = await exchange.value();
            await hosted.writeProperty(
              name,
              isProfileConsumer(accept) ? value : coerce(schema, value),
            );
            return { status: 204 };
          },
        });
      }
      if (resettable && !readOnly) {
        routes.push({
          method: "POST",
          path: `${path}/reset`,
          role: "operate",
          summary: `Give ${called} its initial value`,
          response: { status: 200, contentType: JSON_TYPE },
          handle: async () => {
            await hosted.resetProperty(name);
            return { status: 200, body: null };
          },
        });
      }
      return routes;
    },
  );
}

/** Of one kind that a bare text can stand for. */
function isScalar(schema: TSchema): boolean {
  return "type" in schema && /^(boolean|integer|number|string)$/.test(String(schema.type));
}
