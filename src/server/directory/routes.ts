import type { IncomingMessage } from "node:http";
import { Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { mediaRangesIn, qualityOf } from "../http/accept.ts";
import { type Exchange, JSON_TYPE, type Reply, type Route, TD_TYPE } from "../http/route.ts";
import { type EventStreamCounts, messageOf, sendEvents } from "../http/sse.ts";
import { badQuery, LARGEST_NUMBER, numberIn } from "../http/target.ts";
import { ThingDescriptionSchema } from "../td/schemas.ts";
import type { Security } from "../td/security.ts";
import type { WrittenDescriptions } from "../td/written.ts";
import { directoryDescriber } from "./description.ts";
import { DISCOVERY_CONTEXT, type ThingDirectory } from "./directory.ts";
import { DIRECTORY_EVENT_TYPES, type DirectoryEventType } from "./directory-events.ts";
import type { EnrichedDescription } from "./remote-things.ts";

const LD_TYPE = "application/ld+json";
const PAGE = {
  offset: Type.Integer({
    minimum: 0,
    maximum: LARGEST_NUMBER,
    default: 0,
    description: "How many Things to skip",
  }),
  limit: Type.Integer({
    minimum: 1,
    maximum: LARGEST_NUMBER,
    description: "Maximum number of Things to list",
  }),
  format: Type.Enum(["array", "collection"], {
    default: "array",
    description: "A plain list, or an object with the list, its length and the next page",
  }),
};
const LIST = Type.Union([
  Type.Array(ThingDescriptionSchema),
  Type.Object({
    members: Type.Array(ThingDescriptionSchema),
    total: Type.Integer(),
    next: Type.Optional(Type.String({ format: "uri" })),
  }),
]);
const DIFF = {
  diff: Type.Boolean({ default: false, description: "Not supported: true is refused" }),
};

/** The directory of all Things, to be read and watched, at a base of its own: `/things/` is LabThings'. */
export function directoryRoutes(
  directory: ThingDirectory,
  prefix: string,
  security: Security,
  written: WrittenDescriptions,
  counts: EventStreamCounts,
): Route[] {
  const base = `${prefix}/directory`;
  const place = { thing: "directory" } as const;
  const routes: Route[] = [
    {
      method: "GET",
      path: `${base}/things`,
      role: "view",
      summary: "Every Thing Description, ordered by id",
      query: PAGE,
      form: {
        ...place,
        kind: "properties",
        affordance: "things",
        op: ["readproperty"],
        variables: Object.keys(PAGE),
      },
      response: { status: 200, contentType: LD_TYPE, schema: LIST, otherTypes: [JSON_TYPE] },
      large: true,
      errors: ["BAD_ARGUMENT", "NOT_SUPPORTED"],
      hasETag: true,
      compresses: true,
      page: "document.html",
      handle: async (exchange) =>
        listReply(directory, written, `${exchange.root}${base}`, exchange),
    },
    {
      method: "GET",
      path: `${base}/things/:id`,
      role: "view",
      summary: "The Thing Description with the given id",
      form: { ...place, kind: "actions", affordance: "retrieveThing", op: ["invokeaction"] },
      response: { status: 200, contentType: TD_TYPE, schema: ThingDescriptionSchema },
      errors: ["NOT_FOUND"],
      hasETag: true,
      compresses: true,
      page: "document.html",
      handle: async ({ params, root }) => ({
        status: 200,
        body: directory.get(params.id!, root),
        contentType: TD_TYPE,
      }),
    },
    eventRoute(directory, counts, {
      path: `${base}/events`,
      summary: "Receive an event when a Thing is added, changes its state or is removed",
    }),
    ...DIRECTORY_EVENT_TYPES.map((type) =>
      eventRoute(
        directory,
        counts,
        { path: `${base}/events/${type}`, ...EVENT_ROUTES[type] },
        type,
      ),
    ),
  ];
  const describe = directoryDescriber(directory, routes, prefix, security);
  const own = (path: string): Route => ({
    method: "GET",
    path,
    role: "view",
    summary: "The Thing Description of the directory of all Things",
    response: { status: 200, contentType: TD_TYPE, schema: ThingDescriptionSchema },
    hasETag: true,
    compresses: true,
    page: "document.html",
    handle: async ({ root }) => ({ status: 200, body: describe(root), contentType: TD_TYPE }),
  });
  return [own("/.well-known/wot"), own(`${base}/`), ...routes];
}

const EVENT_ROUTES = {
  thing_created: { affordance: "thingCreated", summary: "Receive an event when a Thing is added" },
  thing_updated: {
    affordance: "thingUpdated",
    summary: "Receive an event when a Thing opens, fails or changes its description",
  },
  thing_deleted: {
    affordance: "thingDeleted",
    summary: "Receive an event when a Thing is removed",
  },
} as const;

function eventRoute(
  { events }: ThingDirectory,
  counts: EventStreamCounts,
  { path, summary, affordance }: { path: string; summary: string; affordance?: string },
  type?: DirectoryEventType,
): Route {
  const op = ["subscribeevent", "unsubscribeevent"];
  return {
    method: "GET",
    path,
    role: "view",
    summary,
    ...(type !== "thing_deleted" && { query: DIFF }),
    ...(affordance && {
      form: { thing: "directory", kind: "events", affordance, op, subprotocol: "sse" },
    }),
    response: { status: 200, contentType: "text/event-stream" },
    ...(type !== "thing_deleted" && { errors: ["NOT_SUPPORTED"] }),
    handle: async (exchange) => {
      const { request, query } = exchange;
      if (type !== "thing_deleted" && query.get("diff") === "true") throw notSupported("diff");
      const last = request.headers["last-event-id"];
      let position = typeof last === "string" ? events.cursorAfter(last) : events.end;
      sendEvents(exchange, counts, () => ({
        follow: (onMore) => events.onAdd(onMore),
        get isBehind() {
          return position < events.begin;
        },
        next() {
          for (let event = events.at(position); event; event = events.at(position)) {
            position += 1;
            if (type === undefined || event.type === type)
              return messageOf(event.type, { id: event.thing }, event.id);
          }
          return undefined;
        },
      }));
      return undefined;
    },
  };
}

/** @see WoT Discovery, 7.3.2.1.5 Listing. */
function listReply(
  directory: ThingDirectory,
  written: WrittenDescriptions,
  base: string,
  exchange: Exchange,
): Reply {
  const { query, root } = exchange;
  if (query.has("sort_by") || query.has("sort_order")) throw notSupported("sort_by");
  const offset = numberIn(query, "offset", 0) ?? 0;
  const limit = numberIn(query, "limit", 1);
  const format = query.get("format") ?? "array";
  if (format !== "array" && format !== "collection") {
    throw badQuery("format", format, "'array' or 'collection'");
  }
  const contentType = typeFor(exchange.request);
  const key = `directory ${directory.version}`;
  const all = written.reply(key, root, contentType, () => directory.list(root));
  const total = directory.size;
  const end = limit === undefined ? total : Math.min(total, offset + limit);
  const isMore = end < total && offset < end;
  const next = isMore ? `${base}/things?${page(end, limit, format)}` : undefined;
  const canonical = `<${base}/things>; rel="canonical"; etag="${all.hash}"`;
  const headers = {
    Link: next ? `<${next}>; rel="next", ${canonical}` : canonical,
    Vary: "Accept",
  };
  if (format === "array" && offset === 0 && end === total) return { ...all, headers };
  const members = directory.list(root).slice(offset, end);
  const links = {
    "@id": `${base}/things?${page(offset, limit, format)}`,
    ...(next && { next }),
  };
  const body = format === "array" ? members : collection(members, total, links);
  return { status: 200, body, contentType, headers };
}

/** Plain JSON for a client that wants it more than JSON-LD, or names it alone. */
function typeFor({ headers: { accept } }: IncomingMessage): string {
  const ranges = mediaRangesIn(accept);
  return qualityOf(ranges, JSON_TYPE) > qualityOf(ranges, LD_TYPE) ? JSON_TYPE : LD_TYPE;
}

function collection(
  members: readonly EnrichedDescription[],
  total: number,
  links: { "@id": string; next?: string },
): Record<string, unknown> {
  const context = DISCOVERY_CONTEXT;
  return { "@context": context, "@type": "ThingCollection", ...links, total, members };
}

function page(offset: number, limit: number | undefined, format: string): URLSearchParams {
  return new URLSearchParams({
    offset: String(offset),
    ...(limit !== undefined && { limit: String(limit) }),
    ...(format !== "array" && { format }),
  });
}

function notSupported(name: string): ThingError {
  return new ThingError(
    "NOT_SUPPORTED",
    `This directory does not support '${quoted(name)}'. Send the request without it.`,
  );
}
