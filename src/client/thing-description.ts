import { isRecord } from "../base/values.ts";
import { ClientError } from "./client-error.ts";
import { isJsonType, type JsonObject, listOf, objectOf, textOf, textsOf } from "./json.ts";
import { expandTemplate } from "./uri-template.ts";

type AffordanceKind = "property" | "action" | "event";

/** One way to do something, of a Thing Description. Its URL may be a template. */
export interface Form {
  readonly op: readonly string[];
  readonly contentType: string;
  /** Type of the answer. */
  readonly responseType: string;
  readonly subprotocol: string | undefined;
  /** When the form does not leave it to the operation. */
  readonly method: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** The absolute URL, with the variables put in. */
  url(variables?: Readonly<Record<string, unknown>>): string;
}

/** What a Thing has under one name. */
export interface Affordance {
  readonly kind: AffordanceKind;
  readonly name: string;
  readonly forms: readonly Form[];
  /** As in the Thing Description. */
  readonly raw: JsonObject;
}

/** A Thing Description, read once. Nothing but it says where anything is. */
export interface ThingDescription {
  readonly title: string;
  readonly properties: ReadonlyMap<string, Affordance>;
  readonly actions: ReadonlyMap<string, Affordance>;
  readonly events: ReadonlyMap<string, Affordance>;
  /** Forms of the Thing as a whole. */
  readonly forms: readonly Form[];
  readonly raw: JsonObject;
}

const DEFAULT_OPS: Record<AffordanceKind, readonly string[]> = {
  property: ["readproperty", "writeproperty"],
  action: ["invokeaction"],
  event: ["subscribeevent", "unsubscribeevent"],
};

/**
 * @param url - Where the description came from: what relative references are relative to, unless it says `base`.
 * @throws {ClientError} `BAD_ANSWER` when it is none.
 * @see W3C Web of Things (WoT) Thing Description 1.1, 5.3.4.2 (Form) and 5.4 (default values).
 */
export function readThingDescription(raw: unknown, url: string): ThingDescription {
  if (!isRecord(raw) || !isDescription(raw)) {
    throw new ClientError(
      "BAD_ANSWER",
      `${url} answered with JSON that describes no Thing: it has neither properties, actions or events, nor the @context of Thing Descriptions. ` +
        `Give the URL of a Thing Description, e.g. http://127.0.0.1:5000/camera/.`,
      { url },
    );
  }
  const base = textOf(raw.base) ?? "";
  const place = {
    base: URL.canParse(base, url) ? new URL(base, url).href : url,
    origin: new URL(url).origin,
  };
  const read = (kind: AffordanceKind, members: unknown) =>
    new Map(
      Object.entries(objectOf(members)).map(([name, member]): [string, Affordance] => {
        const described = objectOf(member);
        const forms = formsIn(described.forms, place, DEFAULT_OPS[kind]);
        return [name, { kind, name, forms, raw: described }];
      }),
    );
  return {
    title: textOf(raw.title) ?? "Thing",
    properties: read("property", raw.properties),
    actions: read("action", raw.actions),
    events: read("event", raw.events),
    forms: formsIn(raw.forms, place, []),
    raw,
  };
}

/** All three kinds of affordances are optional. */
function isDescription({ properties, actions, events, "@context": context }: JsonObject): boolean {
  const contexts = Array.isArray(context) ? context : [context];
  return (
    [properties, actions, events].some(isRecord) ||
    contexts.some((one) => /w3\.org\/(?:\d{4}\/wot|ns\/)\/?td/.test(String(one)))
  );
}

/** The forms that can do `op` over HTTP, those in JSON first, else in the order of the description. */
export function formsFor(forms: readonly Form[], op: string): Form[] {
  const usable = forms.filter((form) => form.op.includes(op));
  const isJson = ({ responseType }: Form) => isJsonType(responseType);
  return [...usable.filter(isJson), ...usable.filter((form) => !isJson(form))];
}

/** What a description's references are relative to, and where it came from. */
interface Place {
  readonly base: string;
  readonly origin: string;
}

/**
 * The forms over HTTP, those at the description's own origin first: a server with several addresses lists each, and
 * this is the one that is known to answer.
 */
function formsIn(forms: unknown, { base, origin }: Place, defaultOps: readonly string[]): Form[] {
  const overHttp = (isRecord(forms) ? [forms] : listOf(forms))
    .filter(isRecord)
    .map((form) => ({ form, at: originOf(textOf(form.href) ?? "", base) }))
    .filter(({ at }) => /^https?:/.test(at));
  const near = overHttp.filter(({ at }) => at === origin);
  const far = overHttp.filter(({ at }) => at !== origin);
  return [...near, ...far].map(({ form }) => formOf(form, base, defaultOps));
}

function formOf(form: JsonObject, base: string, defaultOps: readonly string[]): Form {
  const op = textsOf(form.op);
  const contentType = textOf(form.contentType) ?? "application/json";
  return {
    op: op.length > 0 ? op : defaultOps,
    contentType,
    responseType: textOf(objectOf(form.response).contentType) ?? contentType,
    subprotocol: subprotocolOf(form),
    method: textOf(form["htv:methodName"] ?? form["http:methodName"])?.toUpperCase(),
    headers: headersIn(form),
    url: (variables = {}) => new URL(expandTemplate(textOf(form.href) ?? "", variables), base).href,
  };
}

/** Some say it by the media type alone, or in capitals. */
function subprotocolOf({ subprotocol, contentType }: JsonObject): string | undefined {
  if (textOf(contentType)?.toLowerCase().startsWith("text/event-stream")) return "sse";
  return textOf(subprotocol)?.toLowerCase();
}

function headersIn(form: JsonObject): Record<string, string> {
  const fields = listOf(form["htv:headers"]).filter(isRecord);
  return Object.fromEntries(
    fields.map((field) => [String(field["htv:fieldName"]), String(field["htv:fieldValue"] ?? "")]),
  );
}

/** Variables never stand in the scheme, and hardly in the host, so a template will do. */
function originOf(href: string, base: string): string {
  const expanded = expandTemplate(href, {});
  return URL.canParse(expanded, base) ? new URL(expanded, base).origin : "";
}
