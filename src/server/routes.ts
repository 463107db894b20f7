import type { ServerResponse } from "node:http";
import type { HostedThing } from "../core/hosted-thing.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { ThingModel } from "../core/thing-model.ts";
import type { BlobStore } from "../files/blob-store.ts";
import { coreLinksRoute } from "./directory/core-links.ts";
import { ThingDirectory } from "./directory/directory.ts";
import { directoryRoutes } from "./directory/routes.ts";
import { pageRoutes } from "./http/pages.ts";
import { EVENT_STREAM_TYPE, type Route } from "./http/route.ts";
import { dropReader } from "./http/sse.ts";
import { notificationRoutes } from "./notifications/routes.ts";
import type { NotificationHub } from "./notifications/thing-notifications.ts";
import type { ServerFleet } from "./server-options.ts";
import { streamRoutes } from "./streams/routes.ts";
import { type ThingDescriber, thingDescriber } from "./td/description.ts";
import { PublishedModels } from "./td/models.ts";
import { thingRoutes } from "./td/routes.ts";
import type { Security } from "./td/security.ts";
import { WrittenDescriptions } from "./td/written.ts";
import { actionRoutes } from "./things/actions.ts";
import { blobRoutes } from "./things/blobs.ts";
import { endpointRoutes } from "./things/endpoints.ts";
import { fileAliasRoutes, fileRoutes } from "./things/files.ts";
import { invocationRoutes } from "./things/invocations.ts";
import { allPropertiesRoutes, propertyRoutes } from "./things/properties.ts";
import { relayedFileRoutes } from "./things/relayed-files.ts";
import { webhookRoutes } from "./webhooks/routes.ts";
import type { Webhooks } from "./webhooks/webhooks.ts";
import { framesRoute, webSocketRoutes } from "./websocket/routes.ts";

/** What the routes of a server are made of. */
interface RouteParts {
  readonly host: ThingHost;
  readonly prefix: string;
  readonly blobs: BlobStore;
  readonly security: Security;
  readonly hub: NotificationHub;
  readonly webhooks?: Webhooks | undefined;
  readonly fleet?: ServerFleet | undefined;
}

/** The routes of one Thing. */
interface ThingRoutes {
  /** Those that its class declares for good: of its streams before the others, of files and endpoints behind them. */
  readonly fixed: readonly [before: Route[], behind: Route[]];
  /** What the others were made for. */
  readonly model: ThingModel;
  readonly all: Route[];
}

/** The table of routes, made anew when the Things of the host change, or one its model: those that stay keep their routes. */
export class RouteTable {
  readonly #parts: RouteParts;
  readonly #byThing = new WeakMap<HostedThing, ThingRoutes>();
  readonly #written = new WrittenDescriptions();
  #directory: ThingDirectory | undefined;

  constructor(parts: RouteParts) {
    this.#parts = parts;
    parts.host.onModel(() => this.#written.forget());
  }

  /** All that is answered for the Things that the host has now, in one list. */
  routes(): Route[] {
    const { host, prefix, blobs, security } = this.#parts;
    const affordances = [...host.things.values()].flatMap((hosted) => this.#routesOf(hosted));
    const invocations = invocationRoutes(host, prefix);
    const webSockets = webSocketRoutes(host, prefix);
    const models = new PublishedModels(host);
    const described = [...affordances, ...invocations, ...webSockets];
    const describeAlone = thingDescriber(host, described, prefix, models, security);
    const { fleet } = this.#parts;
    const describe: ThingDescriber = fleet
      ? (name, root) => fleet.described(describeAlone(name, root))
      : describeAlone;
    const written = this.#written;
    written.forget();
    this.#directory ??= new ThingDirectory(host, describe, fleet?.roster);
    this.#directory.update(describe);
    return [
      ...affordances,
      ...thingRoutes(host, prefix, describe, models, written),
      ...directoryRoutes(this.#directory, prefix, security, written, this.#parts.hub.counts),
      coreLinksRoute(() => titlesOf(host), prefix),
      ...invocations,
      ...blobRoutes(blobs, prefix),
      ...fileAliasRoutes(host, prefix),
      ...webSockets,
      framesRoute(prefix),
      ...pageRoutes(prefix, fleet !== undefined),
    ];
  }

  #routesOf(hosted: HostedThing): Route[] {
    const { model } = hosted;
    const known = this.#byThing.get(hosted);
    if (known?.model === model) return known.all;
    const [before, behind] = known?.fixed ?? this.#fixedRoutesOf(hosted);
    const changing = this.#changingRoutesOf(hosted).map((route) => untilLeft(hosted, route));
    const all = [...before, ...changing, ...behind];
    this.#byThing.set(hosted, { fixed: [before, behind], model, all });
    return all;
  }

  #fixedRoutesOf(hosted: HostedThing): [before: Route[], behind: Route[]] {
    const { prefix, hub } = this.#parts;
    const base = `${prefix}/${hosted.name}`;
    const ending = (routes: Route[]) => routes.map((route) => untilLeft(hosted, route));
    return [
      ending(streamRoutes(hosted, base, hub.of(hosted))),
      ending([...fileRoutes(hosted, base), ...endpointRoutes(hosted, base)]),
    ];
  }

  #changingRoutesOf(hosted: HostedThing): Route[] {
    const { host, prefix, blobs, hub, webhooks } = this.#parts;
    const base = `${prefix}/${hosted.name}`;
    const notifications = hub.of(hosted);
    return [
      ...propertyRoutes(hosted, base),
      ...allPropertiesRoutes(hosted, base),
      ...relayedFileRoutes(hosted, base),
      ...actionRoutes(hosted, host, prefix, blobs),
      ...notificationRoutes(hosted, base, notifications),
      ...(webhooks ? webhookRoutes(hosted, base, notifications, webhooks) : []),
    ];
  }
}

function titlesOf({ things }: ThingHost): Map<string, string> {
  return new Map([...things.values()].map(({ name, model }) => [name, model.title]));
}

/**
 * The same route, whose answers end with the Thing: who waits is told why, streams end. A file that is under way
 * is sent to its end.
 */
function untilLeft({ departure }: HostedThing, route: Route): Route {
  const { contentType = "" } = route.response;
  return {
    ...route,
    handle: (exchange) =>
      new Promise((resolve, reject) => {
        const { response } = exchange;
        const stop = departure.onLeft((error) => {
          if (!response.headersSent) reject(error);
          else if (contentType === EVENT_STREAM_TYPE) dropReader(response, error.message);
          else if (contentType.startsWith("multipart/")) endViewer(response);
        });
        response.once("close", stop);
        route.handle(exchange).then(resolve, reject);
      }),
  };
}

/** Politely, if it has taken all that it was sent. */
function endViewer({ socket }: ServerResponse): void {
  if (!socket || socket.writableLength > 0) socket?.destroy();
  else socket.destroySoon();
}
