import { ERROR_STATUS, type ErrorCode } from "../../base/errors.ts";
import { isRecord } from "../../base/values.ts";
import type { Route } from "../http/route.ts";
import { failureStatuses } from "./forms.ts";
import { NAMED_SCHEMAS } from "./schemas.ts";

/** Rows of one method and path, which answer what is accepted. */
export type Rows = readonly [Route, ...Route[]];

/**
 * Every status that an operation is answered with, and `default` for what HTTP itself may make of any request.
 * @see OpenAPI 3.1.1, 4.8.16 Responses Object.
 */
export function responsesOf(rows: Rows, hasLogin: boolean): Record<string, unknown> {
  const [{ response }] = rows;
  const content = contentOf(rows);
  const hasContent = Object.keys(content).length > 0;
  const some = <T>(is: unknown, what: T): Partial<T> => (is ? what : {});
  const hasETag = rows.some((row) => row.method === "GET" && row.hasETag);
  const headers = { ...some(response.status === 201, LOCATION), ...some(hasETag, ETAG) };
  return {
    [response.status]: {
      description: response.status === 204 ? "Done" : "Success",
      ...some(Object.keys(headers).length > 0, { headers }),
      ...some(hasContent, { content }),
    },
    ...some(response.emptyWhen && response.status !== 204, {
      204: { description: response.emptyWhen },
    }),
    ...some(
      rows.some(({ hasRanges }) => hasRanges),
      {
        206: {
          description: "The requested range",
          headers: ETAG,
          ...some(hasContent, { content }),
        },
      },
    ),
    ...some(rows.some(mayBeKnown), { 304: { description: "Not modified" } }),
    ...Object.fromEntries(
      rows.flatMap((row) => problemsOf(row, hasLogin)).map((status) => [status, PROBLEM]),
    ),
    default: PROBLEM,
  };
}

type Schema = Record<string, unknown>;

const NAMES = new Map<unknown, string>(
  Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [schema, name]),
);

/** The schemas that others refer to, by name. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(NAMED_SCHEMAS).map(([name, schema]) => [name, rewritten(schema)]),
  );
}

/**
 * A JSON Schema as OpenAPI 3.1 takes it, which is draft 2020-12: tuples have other words there. Schemas with a name
 * are referred to.
 * @see OpenAPI 3.1.1, 4.8.24 Schema Object; JSON Schema 2020-12, 10.3.1.1 prefixItems.
 */
export function toOpenApiSchema(schema: unknown): unknown {
  const name = NAMES.get(schema);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  return isRecord(schema) ? rewritten(schema) : schema;
}

/** GET of a value with `If-None-Match: *`, or with the tag that the client was told. */
function mayBeKnown({ method, response }: Route): boolean {
  return method === "GET" && response.status === 200 && response.contentType !== undefined;
}

/** What goes wrong with the operation itself. What every request may meet (421, 431 ...) is in docs/http-api.md. */
function problemsOf(route: Route, hasLogin: boolean): number[] {
  const statusOf = (...codes: ErrorCode[]) => codes.map((code) => ERROR_STATUS[code]);
  return [
    ...failureStatuses(route, hasLogin),
    ...(route.path.includes(":") ? statusOf("BAD_ARGUMENT") : []), // a '%' that is none
    ...(route.large ? statusOf("TOO_BUSY") : []),
    ...(route.response.status < 300 ? statusOf("PRECONDITION_FAILED") : []),
  ];
}

const PROBLEM = { $ref: "#/components/responses/Problem" };
const LOCATION = {
  Location: {
    description: "URL of what was created",
    required: true,
    schema: { type: "string", format: "uri" },
  },
};
const ETAG = {
  ETag: {
    description: "Version of the resource, for `If-None-Match`, `If-Match`, `If-Range`",
    required: true,
    schema: { type: "string" },
  },
};

function contentOf(rows: Rows): Record<string, unknown> {
  return Object.fromEntries(
    rows.flatMap(({ page, response: { contentType, schema, otherTypes = [] } }) => [
      ...(contentType === undefined ? [] : [[contentType, mediaType(contentType, schema)]]),
      ...otherTypes.map((type) => [type, mediaType(type, schema)]),
      ...(page === undefined ? [] : [["text/html", {}]]),
    ]),
  );
}

/** Only JSON has a schema: of a picture or a stream the media type says all. */
function mediaType(contentType: string, schema: unknown): Record<string, unknown> {
  if (!contentType.includes("json")) return {};
  return { schema: toOpenApiSchema(schema ?? {}) };
}

/** Of these members the values are schemas by name, of those a list of schemas, of the last a schema each. */
const MAPS = new Set(["properties", "patternProperties", "definitions", "$defs"]);
const LISTS = new Set(["allOf", "anyOf", "oneOf", "prefixItems"]);
const SCHEMAS = new Set(["items", "additionalProperties", "not", "if", "then", "else", "contains"]);

/** An author's `$id` would be an address; what stands in this document has none of its own. */
function rewritten(schema: object): Schema {
  const { $id: _, ...members } = withPrefixItems({ ...schema });
  return Object.fromEntries(
    Object.entries(members).map(([key, value]) => [key, converted(key, value)]),
  );
}

function converted(key: string, value: unknown): unknown {
  if (MAPS.has(key) && isRecord(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([name, schema]) => [name, toOpenApiSchema(schema)]),
    );
  }
  if (LISTS.has(key) && Array.isArray(value)) return value.map(toOpenApiSchema);
  return SCHEMAS.has(key) ? toOpenApiSchema(value) : value;
}

function withPrefixItems({ items, additionalItems, ...rest }: Schema): Schema {
  if (!Array.isArray(items)) return items === undefined ? rest : { ...rest, items };
  return {
    ...rest,
    prefixItems: items,
    ...(additionalItems !== undefined && { items: additionalItems }),
  };
}
