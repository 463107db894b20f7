import { ERROR_STATUS } from "../../base/errors.ts";
import { toDataSchema } from "../../core/data-schema.ts";
import { pathOf } from "../http/origin.ts";
import {
  EVENT_STREAM_TYPE,
  type FormPlace,
  JSON_TYPE,
  PROBLEM_TYPE,
  placesOf,
  type Route,
  type SchemaName,
} from "../http/route.ts";
import type { Affordances } from "./affordances.ts";
import { InvocationSchema, ProblemSchema } from "./schemas.ts";

/** What forms refer to by name, for the `schemaDefinitions` of a description. */
export const SCHEMA_DEFINITIONS: Readonly<Record<SchemaName, unknown>> = {
  problem: toDataSchema(ProblemSchema),
  actionStatus: toDataSchema(InvocationSchema),
};

/** How something is reached: the members of an affordance, or of a Thing, that the table of routes gives. */
interface Reached {
  readonly forms: readonly Record<string, unknown>[];
  /** Of the templates in the forms. */
  readonly uriVariables?: Readonly<Record<string, unknown>>;
}

/**
 * How each affordance of a Thing is reached, and the Thing as a whole: the forms of its routes, in the order of the table.
 * @param options - Those of WebSockets begin with `root`, the others with its path.
 */
export function formsOf(
  thing: string,
  routes: readonly Route[],
  { root = "", hasLogin = false } = {},
): (kind: FormPlace["kind"], affordance?: string) => Reached {
  const found = new Map<string, { route: Route; place: FormPlace }[]>();
  for (const route of routes) {
    for (const place of placesOf(route).filter((place) => place.thing === thing)) {
      const key = `${place.kind}/${place.affordance ?? ""}`;
      found.set(key, [...(found.get(key) ?? []), { route, place }]);
    }
  }
  return (kind, affordance = "") => {
    const there = found.get(`${kind}/${affordance}`) ?? [];
    const variables = Object.assign({}, ...there.map(variablesOf));
    return {
      forms: there.map(({ route, place }) =>
        route.response.status === 101
          ? webSocketForm(route, place, root)
          : formOf(route, place, { above: pathOf(root), hasLogin }),
      ),
      ...(Object.keys(variables).length > 0 && { uriVariables: variables }),
    };
  };
}

/** The same affordances, each with what says how it is reached. */
export function withForms(
  affordances: Affordances,
  reached: (name: string) => Reached,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(affordances).map(([name, affordance]) => [
      name,
      { ...affordance, ...reached(name) },
    ]),
  );
}

/** The path as an RFC 6570 template. */
export function uriTemplate(path: string, variables: readonly string[] = []): string {
  const query = variables.length > 0 ? `{?${variables.join(",")}}` : "";
  return path.replace(/:(\w+)/g, "{$1}") + query;
}

/** One form. `op` is a list even for one operation: node-wot searches a string for parts of it. */
function formOf(
  route: Route,
  place: FormPlace,
  { above, hasLogin }: { above: string; hasLogin: boolean },
): Record<string, unknown> {
  const { path, method, request } = route;
  const answered = typeAnswered(route);
  const contentType = request?.contentType ?? answered;
  return {
    href: above + uriTemplate(path, place.variables),
    op: place.op,
    contentType,
    ...(contentType !== answered && { response: { contentType: answered } }),
    ...(place.subprotocol && { subprotocol: place.subprotocol }),
    ...(place.op.length === 1 && { "htv:methodName": method }),
    additionalResponses: additionalResponses(route, hasLogin),
  };
}

/** Errors come as messages. */
function webSocketForm({ path }: Route, { op, subprotocol }: FormPlace, root: string) {
  return { href: root.replace(/^http/, "ws") + path, op, contentType: JSON_TYPE, subprotocol };
}

/** An SSE form names the type of its data; `text/event-stream` is how the subprotocol carries it. */
function typeAnswered({ response: { contentType = JSON_TYPE } }: Route): string {
  return contentType === EVENT_STREAM_TYPE ? JSON_TYPE : contentType;
}

/** What is answered instead of the value that the affordance describes: a status for a run, a problem for each failure. */
function additionalResponses(route: Route, hasLogin: boolean): Record<string, unknown>[] {
  const { status, named } = route.response;
  const instead: Record<string, unknown>[] = named
    ? [{ success: true, ...answer(JSON_TYPE, named, status) }]
    : [];
  const failures = failureStatuses(route, hasLogin).map((failed) => ({
    success: false,
    ...answer(PROBLEM_TYPE, "problem", failed),
  }));
  return [...instead, ...failures];
}

function answer(contentType: string, schema: SchemaName, status: number): Record<string, unknown> {
  return { contentType, schema, "htv:statusCodeValue": status };
}

/** Every status with which a route may fail, in order. */
export function failureStatuses(
  { method, request, errors = [] }: Route,
  hasLogin: boolean,
): number[] {
  const ofAnyLogin = hasLogin ? ([401, 403, 429] as const) : [];
  const ofAnyBody = request ? ([408, 413, 415, 422] as const) : [];
  const ofAnyChange = method === "GET" ? [] : [403];
  const own = errors.map((code) => ERROR_STATUS[code]);
  return [...new Set([...ofAnyLogin, ...ofAnyBody, ...ofAnyChange, ...own, 500])].sort(
    (a, b) => a - b,
  );
}

function variablesOf({ route, place }: { route: Route; place: FormPlace }): object {
  const names = [...[...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name!)];
  const wanted = [...names, ...(place.variables ?? [])];
  return Object.fromEntries(
    wanted.map((name) => [
      name,
      toDataSchema(route.params?.[name] ?? route.query?.[name] ?? { type: "string" }),
    ]),
  );
}
