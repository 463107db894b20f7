import { toDateTime, wallTime } from "../../base/clock.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { JSON_TYPE, type Route, TD_TYPE, TM_TYPE } from "../http/route.ts";
import type { ThingDescriber } from "./description.ts";
import { type PublishedModels, thingModelDescription } from "./models.ts";
import {
  DescriptionsSchema,
  ThingDescriptionSchema,
  ThingModelSchema,
  ThingStateSchema,
  UrlsSchema,
} from "./schemas.ts";
import type { WrittenDescriptions } from "./written.ts";

/** Each Thing's description, and all of them, at LabThings' paths; the model of each class. */
export function thingRoutes(
  host: ThingHost,
  prefix: string,
  describe: ThingDescriber,
  models: PublishedModels,
  written: WrittenDescriptions,
): Route[] {
  const names = [...host.things.keys()];
  return [
    ...names.map(
      (name): Route => ({
        method: "GET",
        path: `${prefix}/${name}/`,
        role: "view",
        summary: `The Thing Description of ${name}`,
        response: { status: 200, contentType: TD_TYPE, schema: ThingDescriptionSchema },
        hasETag: true,
        compresses: true,
        page: "document.html",
        handle: async ({ root }) => {
          host.get(name); // it may have left
          return written.reply(`td of ${name}`, root, TD_TYPE, () => describe(name, root));
        },
      }),
    ),
    ...names.map(
      (name): Route => ({
        method: "POST",
        path: `${prefix}/things/${name}/open`,
        role: "operate",
        summary: `Open ${name} again, after it failed`,
        response: { status: 200, contentType: JSON_TYPE, schema: ThingStateSchema },
        handle: async () => {
          const { state, reason = null, since, nextTryAt } = await host.openThing(name);
          const body = {
            ...{ state, reason, since: toDateTime(wallTime(since)) },
            nextTry: nextTryAt === undefined ? null : toDateTime(wallTime(nextTryAt)),
          };
          return { status: 200, body };
        },
      }),
    ),
    {
      method: "GET",
      path: `${prefix}/things/`,
      role: "view",
      summary: "The URL of each Thing's description, by name",
      response: { status: 200, contentType: JSON_TYPE, schema: UrlsSchema },
      page: "document.html",
      handle: async ({ root }) => ({
        status: 200,
        body: Object.fromEntries(names.map((name) => [name, `${root}${prefix}/${name}/`])),
      }),
    },
    {
      method: "GET",
      path: `${prefix}/thing_descriptions/`,
      role: "view",
      summary: "Every Thing Description, by name",
      response: { status: 200, contentType: JSON_TYPE, schema: DescriptionsSchema },
      large: true,
      hasETag: true,
      compresses: true,
      page: "document.html",
      handle: async ({ root }) => {
        for (const name of names) host.get(name);
        return written.reply("all", root, JSON_TYPE, () =>
          Object.fromEntries(names.map((name) => [name, describe(name, root)])),
        );
      },
    },
    {
      method: "GET",
      path: `${prefix}/thing_models/`,
      role: "view",
      summary: "The URL of each class's Thing Model, by name",
      response: { status: 200, contentType: JSON_TYPE, schema: UrlsSchema },
      page: "document.html",
      handle: async ({ root }) => ({
        status: 200,
        body: Object.fromEntries(
          [...models.byName.keys()].map((name) => [name, `${root}${prefix}/thing_models/${name}`]),
        ),
      }),
    },
    ...[...models.byName].map(
      ([name, model]): Route => ({
        method: "GET",
        path: `${prefix}/thing_models/${name}`,
        role: "view",
        summary: `The Thing Model of ${name}: what all Things of this class have in common`,
        response: { status: 200, contentType: TM_TYPE, schema: ThingModelSchema },
        hasETag: true,
        compresses: true,
        page: "document.html",
        handle: async () => ({
          status: 200,
          body: thingModelDescription(model),
          contentType: TM_TYPE,
        }),
      }),
    ),
  ];
}
