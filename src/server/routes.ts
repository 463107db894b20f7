import type { ThingHost } from "../core/thing-host.ts";
import type { BlobStore } from "../outputs/blob-store.ts";
import { actionRoutes } from "./action-routes.ts";
import { allPropertiesRoutes } from "./all-properties-routes.ts";
import { blobRoutes } from "./blob-routes.ts";
import { coreLinksRoute } from "./core-links.ts";
import { ThingDirectory } from "./directory.ts";
import { directoryRoutes } from "./directory-routes.ts";
import { endpointRoutes } from "./endpoint-routes.ts";
import { fileAliasRoutes, fileRoutes } from "./file-routes.ts";
import { invocationRoutes } from "./invocation-routes.ts";
import { notificationRoutes } from "./notification-routes.ts";
import type { NotificationHub } from "./notifications/notification-hub.ts";
import { pageRoutes } from "./page-routes.ts";
import { propertyRoutes } from "./property-routes.ts";
import { PublishedModels } from "./published-models.ts";
import type { Route } from "./route.ts";
import { streamRoutes } from "./stream-routes.ts";
import type { Security } from "./td-security.ts";
import { thingDescriber } from "./thing-description.ts";
import { thingRoutes } from "./thing-routes.ts";
import { webhookRoutes } from "./webhook-routes.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import { webSocketRoutes } from "./websocket-routes.ts";

/** The table of routes: all that this server answers, in one list. */
export function routesOf(
  host: ThingHost,
  prefix: string,
  blobs: BlobStore,
  security: Security,
  hub: NotificationHub,
  webhooks?: Webhooks,
): Route[] {
  const affordances = [...host.things.values()].flatMap((hosted) => {
    const base = `${prefix}/${hosted.name}`;
    const notifications = hub.of(hosted);
    return [
      ...streamRoutes(hosted, base, notifications),
      ...propertyRoutes(hosted, base),
      ...allPropertiesRoutes(hosted, base),
      ...actionRoutes(hosted, host, prefix, blobs),
      ...notificationRoutes(hosted, base, notifications),
      ...(webhooks ? webhookRoutes(hosted, base, notifications, webhooks) : []),
      ...fileRoutes(hosted, base),
      ...endpointRoutes(hosted, base),
    ];
  });
  const invocations = invocationRoutes(host, prefix);
  const webSockets = webSocketRoutes(host, prefix);
  const models = new PublishedModels(host);
  const described = [...affordances, ...invocations, ...webSockets];
  const describe = thingDescriber(host, described, prefix, models, security);
  return [
    ...affordances,
    ...thingRoutes(host, prefix, describe, models),
    ...directoryRoutes(new ThingDirectory(host, describe), prefix, security),
    coreLinksRoute(titlesOf(host), prefix),
    ...invocations,
    ...blobRoutes(blobs, prefix),
    ...fileAliasRoutes(host, prefix),
    ...webSockets,
    ...pageRoutes(prefix),
  ];
}

function titlesOf({ things }: ThingHost): Map<string, string> {
  return new Map([...things.values()].map(({ name, model }) => [name, model.title]));
}
