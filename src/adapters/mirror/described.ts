import type { TSchema } from "typebox";
import { isRecord } from "../../base/values.ts";
import { type JsonObject, objectOf, textOf, textsOf } from "../../client/json.ts";
import { type Form, readThingDescription } from "../../client/thing-description.ts";
import { ROLES, type Role } from "../../core/affordances.ts";
import { blobSchema } from "../../files/blob.ts";
import { ROLE_TERM } from "../../server/td/affordances.ts";

/** One affordance of a description, in the words in which a Thing declares its own. */
interface Described {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly types?: readonly string[];
}

/** A stream, and where its pictures are. */
export interface DescribedStream extends Described {
  readonly url: string;
}

export interface DescribedProperty extends Described {
  readonly schema: TSchema;
  readonly observable: boolean;
  readonly isWritable: boolean;
}

export interface DescribedAction extends Described {
  readonly input?: TSchema;
  readonly output?: TSchema;
  readonly terms: {
    readonly safe: boolean;
    readonly idempotent: boolean;
    readonly synchronous: boolean;
  };
}

export interface DescribedEvent extends Described {
  readonly data: TSchema;
  /** Who may be told of it, when not everybody who may look. */
  readonly role?: Role;
}

/** What a Thing Description of this package says of a Thing, streams apart from the properties and events that stand for them. */
export interface DescribedThing {
  readonly className: string;
  readonly title: string;
  readonly description: string;
  readonly types: readonly string[];
  readonly streams: readonly DescribedStream[];
  readonly properties: readonly DescribedProperty[];
  readonly actions: readonly DescribedAction[];
  readonly events: readonly DescribedEvent[];
}

const MULTIPART = "multipart/x-mixed-replace";
const FRAME = "_frame";
/** What a description says of a stream's newest frame beside the stream's own words. */
const FRAME_WORDS = [
  ": newest frame",
  ". As JSON it is the JPEG in base64, or null when all properties are read at once.",
] as const;
/** Members of a description that are no part of the schema of its values. */
const NO_SCHEMA = new Set(
  "@type title titles description descriptions forms uriVariables readOnly writeOnly observable".split(
    " ",
  ),
);
const ANYTHING = {} as TSchema;

/**
 * @param url - Where it came from.
 * @throws {ClientError} `BAD_ANSWER` when it is no Thing Description.
 */
export function describedThing(td: JsonObject, url: string): DescribedThing {
  const { properties, actions, events, title } = readThingDescription(td, url);
  const streams = [...properties.values()].flatMap(({ name, raw, forms }) =>
    streamIn(name, raw, forms),
  );
  const isOfStream = (name: string, suffix: string) =>
    streams.some((stream) => name === `${stream.name}${suffix}`);
  return {
    className: classNameIn(td),
    title,
    description: textOf(td.description) ?? "",
    types: textsOf(td["@type"]),
    streams,
    properties: [...properties.values()]
      .filter(({ name, forms }) => !isOfStream(name, FRAME) && canBe(forms, "readproperty"))
      .map(({ name, raw, forms }) => ({
        ...wordsOf(name, raw),
        schema: schemaIn(raw),
        observable: raw.observable === true,
        isWritable: raw.readOnly !== true && canBe(forms, "writeproperty"),
      })),
    actions: [...actions.values()].map(({ name, raw }) => actionIn(name, raw)),
    events: [...events.values()]
      .filter(({ name }) => !isOfStream(name, "_new_frame"))
      .map(({ name, raw }) => ({
        ...wordsOf(name, raw),
        data: dataIn(raw.data),
        ...(raw[ROLE_TERM] !== undefined && { role: roleIn(raw[ROLE_TERM]) }),
      })),
  };
}

function streamIn(name: string, raw: JsonObject, forms: readonly Form[]): DescribedStream[] {
  const form = forms.find(({ contentType }) => contentType.startsWith(MULTIPART));
  if (!form || !name.endsWith(FRAME)) return [];
  const words = wordsOf(name.slice(0, -FRAME.length), raw);
  const [title, description] = FRAME_WORDS;
  return [
    {
      ...words,
      title: withoutEnd(words.title, title),
      description: withoutEnd(words.description, description),
      url: form.url(),
    },
  ];
}

function actionIn(name: string, raw: JsonObject): DescribedAction {
  return {
    ...wordsOf(name, raw),
    ...(isRecord(raw.input) && { input: raw.input as TSchema }),
    ...(isRecord(raw.output) && { output: outputIn(raw.output) }),
    terms: {
      safe: raw.safe === true,
      idempotent: raw.idempotent === true,
      synchronous: raw.synchronous === true,
    },
  };
}

/** A file that the origin holds for a while becomes one that is held here. */
function outputIn(output: JsonObject): TSchema {
  const { title, properties } = output;
  const { const: type, pattern } = objectOf(objectOf(properties).media_type);
  if (title !== "Blob") return output as TSchema;
  if (typeof type === "string") return blobSchema(type);
  return blobSchema(`${/^\^([\w.+-]+)\//.exec(textOf(pattern) ?? "")?.[1] ?? "*"}/*`);
}

/** One that is not known here is taken for the highest. */
function roleIn(role: unknown): Role {
  return ROLES.find((known) => known === role) ?? "admin";
}

function dataIn(data: unknown): TSchema {
  return isRecord(data) ? (data as TSchema) : ANYTHING;
}

function wordsOf(name: string, raw: JsonObject): Described {
  const title = textOf(raw.title) ?? name;
  const types = textsOf(raw["@type"]);
  return {
    ...{ name, title, description: textOf(raw.description) ?? title },
    ...(types.length > 0 && { types }),
  };
}

function schemaIn(raw: JsonObject): TSchema {
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !NO_SCHEMA.has(key))) as TSchema;
}

function canBe(forms: readonly Form[], op: string): boolean {
  return forms.some((form) => form.op.includes(op));
}

/** The class that the Thing has at the origin: its Thing Model is linked by that name. */
function classNameIn({ links }: JsonObject): string {
  const type = (Array.isArray(links) ? links : []).map(objectOf).find(({ rel }) => rel === "type");
  return /\/([A-Za-z_$][\w$]{0,99})$/.exec(textOf(type?.href) ?? "")?.[1] ?? "MirroredThing";
}

function withoutEnd(text: string, end: string): string {
  return text.endsWith(end) ? text.slice(0, -end.length) : text;
}
