import { type TSchema, Type } from "typebox";
import { ThingError, unknownAffordance } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import { asksDevice } from "../../core/affordances.ts";
import { coerce } from "../../core/coerce.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { isProfileConsumer } from "../http/accept.ts";
import { JSON_TYPE, type Route } from "../http/route.ts";
import { collectionOf, FILE_PAGE, fileListReply } from "./files.ts";

/** Read, write and reset of each property, directly under the Thing's path. */
export function propertyRoutes(hosted: HostedThing, base: string): Route[] {
  return [...hosted.model.properties.values()].flatMap((property) => {
    const { name, schema, readOnly, resettable, title, description } = property;
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
          const gone = asksDevice(property) ? exchange.signal : undefined;
          const value = await hosted.readProperty(name, gone);
          return { status: 200, body: value ?? null };
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
        errors: ["LOCK_BUSY", "NOT_READY"],
        handle: async (exchange) => {
          const { accept } = exchange.request.headers;
          const value = await exchange.value();
          const moved = hosted.model.properties.get(name)?.schema ?? schema;
          await hosted.writeProperty(
            name,
            isProfileConsumer(accept) ? value : coerce(moved, value),
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
        summary: `Reset ${called} to its initial value`,
        response: { status: 200, contentType: JSON_TYPE },
        handle: async () => {
          await hosted.resetProperty(name);
          return { status: 200, body: null };
        },
      });
    }
    return routes;
  });
}

/** All properties of a Thing at once, or some: read, and set together. */
export function allPropertiesRoutes(hosted: HostedThing, base: string): Route[] {
  const path = `${base}/properties`;
  const place = { thing: hosted.name, kind: "thing" } as const;
  const names = readableNames(hosted);
  const asks = [...hosted.model.properties.values()].some(asksDevice) || undefined;
  const mayWrite = [...hosted.model.properties.values()].some(({ readOnly }) => !readOnly);
  const read: Route = {
    method: "GET",
    path,
    role: "view",
    summary: `Read all properties of ${hosted.name}, or the named ones`,
    form: [
      { ...place, op: ["readallproperties"] },
      { ...place, op: ["readmultipleproperties"], variables: ["propertyNames"] },
    ],
    query: {
      propertyNames: Type.String({
        description: "Names of properties, separated by commas",
        pattern: "^[^,]+(,[^,]+)*$",
      }),
    },
    response: { status: 200, contentType: JSON_TYPE, schema: VALUES },
    errors: ["BAD_ARGUMENT", "UNKNOWN_AFFORDANCE", "INVALID_OUTPUT", "NOT_READY"],
    handle: async (exchange) => {
      const named = namesIn(exchange.query);
      const { values, problems } = await readableProperties(hosted, named, asks && exchange.signal);
      const unread = listed(Object.keys(problems));
      return { status: 200, body: values, ...(unread && { headers: { [UNREAD]: unread } }) };
    },
  };
  const write: Route = {
    method: "PUT",
    path,
    role: "operate",
    summary: `Set several properties of ${hosted.name}, or none of them if one fails`,
    form: { ...place, op: ["writemultipleproperties"] },
    request: { contentType: JSON_TYPE, schema: VALUES },
    response: { status: 204 },
    errors: ["UNKNOWN_AFFORDANCE", "READ_ONLY", "LOCK_BUSY", "NOT_READY"],
    handle: async (exchange) => {
      await hosted.writeProperties(await exchange.json());
      return { status: 204 };
    },
  };
  return [...(names.length > 0 ? [read] : []), ...(mayWrite ? [write] : [])];
}

const VALUES = Type.Record(Type.String(), Type.Unknown(), {
  description: "Values by the name of the property",
});

/** What the Thing Description lists as properties: those of the class, and the newest frame of each stream. */
function readableNames({ model }: HostedThing): string[] {
  return [...model.properties.keys(), ...frameNames(model)];
}

function frameNames({ streams }: HostedThing["model"]): string[] {
  return [...streams.keys()].map((name) => `${name}_frame`);
}

/** The names of the properties that could not be read, and so are not in the body. */
const UNREAD = "X-Unreadable-Properties";
/** Clients refuse an answer whose headers have more than 16 KiB together. */
const MOST_UNREAD_CHARACTERS = 4000;
const unreadCut = countedLimit("unreadable_names");

/** As many names as a header takes; dots stand for the others. */
function listed(names: readonly string[]): string {
  const whole = names.join(", ");
  if (whole.length <= MOST_UNREAD_CHARACTERS) return whole;
  unreadCut.hit();
  return `${whole.slice(0, whole.lastIndexOf(", ", MOST_UNREAD_CHARACTERS))}, ...`;
}

/** What was asked for: each property is in one of the two. */
export interface ReadProperties {
  readonly values: Record<string, unknown>;
  /** Why the others could not be read. */
  readonly problems: Record<string, ThingError>;
}

/**
 * Values by name, of all properties unless some are named; one that fails does not hide the others. A frame is `null` here:
 * pictures of every camera would be the lot of whoever asks for a number.
 * @throws {ThingError} `UNKNOWN_AFFORDANCE`; what the first failed with, when none can be read.
 */
export async function readableProperties(
  hosted: HostedThing,
  names: readonly string[] = readableNames(hosted),
  gone?: AbortSignal,
): Promise<ReadProperties> {
  const frames = new Set(frameNames(hosted.model));
  const known = new Set(readableNames(hosted));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) throw unknownAffordance(hosted.name, "property", unknown, known);
  const values: Record<string, unknown> = {};
  const problems: Record<string, ThingError> = {};
  // All devices are asked at once: what takes long does not add up.
  const read = names.map(async (name) =>
    frames.has(name) ? null : ((await hosted.readProperty(name, gone)) ?? null),
  );
  for (const [n, result] of (await Promise.allSettled(read)).entries()) {
    const name = names[n]!;
    if (result.status === "fulfilled") values[name] = result.value;
    else if (result.reason instanceof ThingError) problems[name] = result.reason;
    else throw result.reason;
  }
  const [first] = Object.values(problems);
  if (first && Object.keys(values).every((name) => frames.has(name))) throw first;
  return { values, problems };
}

/** Of one kind that a bare text can stand for. */
function isScalar(schema: TSchema): boolean {
  return "type" in schema && /^(boolean|integer|number|string)$/.test(String(schema.type));
}

/** `?propertyNames=a,b` and `?propertyNames=a&propertyNames=b` name the same two. */
function namesIn(query: URLSearchParams): string[] | undefined {
  const given = query.getAll("propertyNames");
  if (given.length === 0) return undefined;
  const names = given.flatMap((list) => list.split(",")).filter((name) => name !== "");
  if (names.length > 0) return names;
  throw new ThingError(
    "BAD_ARGUMENT",
    "'propertyNames' does not name a property. Give names separated by commas, or leave it out to read all.",
  );
}
