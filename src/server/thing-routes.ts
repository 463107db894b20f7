import type { ThingHost } from "../core/thing-host.ts";
import { JSON_TYPE, type Route, TD_TYPE } from "./route.ts";
import type { ThingDescriber } from "./thing-description.ts";

/** Each Thing's description, and all of them, at LabThings' paths. */
export function thingRoutes(host: ThingHost, prefix: string, describe: ThingDescriber): Route[] {
  const names = [...host.things.keys()];
  return [
    ...names.map(
      (name): Route => ({
        method: "GET",
        path: `${prefix}/${name}/`,
        role: "view",
        summary: `The Thing Description of ${name}`,
        response: { status: 200, contentType: TD_TYPE },
        handle: async ({ origin }) => ({
          status: 200,
          body: describe(name, origin),
          contentType: TD_TYPE,
        }),
      }),
    ),
    {
      method: "GET",
      path: `${prefix}/things/`,
      role: "view",
      summary: "The URL of each Thing's description, by name",
      response: { status: 200, contentType: JSON_TYPE },
      handle: async ({ origin }) => ({
        status: 200,
        body: Object.fromEntries(names.map((name) => [name, `${origin}${prefix}/${name}/`])),
      }),
    },
    {
      method: "GET",
      path: `${prefix}/thing_descriptions/`,
      role: "view",
      summary: "Every Thing Description, by name",
      response: { status: 200, contentType: JSON_TYPE },
      handle: async ({ origin }) => ({
        status: 200,
        body: Object.fromEntries(names.map((name) => [name, describe(name, origin)])),
      }),
    },
  ];
}
