import type { ThingHost } from "../core/thing-host.ts";
import type { BlobStore } from "../outputs/blob-store.ts";
import { actionRoutes } from "./action-routes.ts";
import { blobRoutes } from "./blob-routes.ts";
import { endpointRoutes } from "./endpoint-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { invocationRoutes } from "./invocation-routes.ts";
import { propertyRoutes } from "./property-routes.ts";
import type { Route } from "./route.ts";
import { streamRoutes } from "./stream-routes.ts";
import { thingDescriber } from "./thing-description.ts";
import { thingRoutes } from "./thing-routes.ts";

/** The table of routes: all that this server answers, in one list. */
export function routesOf(host: ThingHost, prefix: string, blobs: BlobStore): Route[] {
  const affordances = [...host.things.values()].flatMap((hosted) => {
    const base = `${prefix}/${hosted.name}`;
    return [
      ...streamRoutes(hosted, base),
      ...propertyRoutes(hosted, base),
      ...actionRoutes(hosted, host, prefix, blobs),
      ...eventRoutes(hosted, base),
      ...endpointRoutes(hosted, base),
    ];
  });
  return [
    ...affordances,
    ...thingRoutes(host, prefix, thingDescriber(host, affordances, prefix)),
    ...invocationRoutes(host, prefix),
    ...blobRoutes(blobs, prefix),
  ];
}
