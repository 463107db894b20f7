import type { IncomingMessage, ServerResponse } from "node:http";
import type { TSchema } from "typebox";
import type { ErrorCode } from "../../base/errors.ts";
import type { Role } from "../../core/affordances.ts";
import type { Identity } from "./identity.ts";

type Method = "GET" | "PUT" | "POST" | "DELETE";

/** One request on its way through a route. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The `:name` segments of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Where this server begins for the client, e.g. `http://127.0.0.1:5000`, or `https://lab.example/scope` behind a proxy. */
  readonly root: string;
  /** Who sent it; undefined where nobody has to log in. */
  readonly identity: Identity | undefined;
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal;
  /** The JSON body; `undefined` when there is none. @throws {ThingError} `UNSUPPORTED_MEDIA_TYPE`, `INVALID_INPUT`, `BODY_TOO_LARGE`. */
  json(): Promise<unknown>;
  /** The value of a property: JSON, or a bare scalar under another type. @throws {ThingError} as `json`. */
  value(): Promise<unknown>;
}

/** What a route answers, unless it wrote the response itself. */
export interface Reply {
  readonly status: number;
  /** Sent as JSON; bytes and strings as they are. Absent for 204. */
  readonly body?: unknown;
  /** `hashOf` the body, where it is known already. */
  readonly hash?: string;
  /** `application/json` when absent. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A schema that every Thing Description defines. */
export type SchemaName = "problem" | "actionStatus";

/** Where a route stands in a Thing Description: under an affordance, or under the Thing as a whole. */
export interface FormPlace {
  readonly thing: string;
  readonly kind: "properties" | "actions" | "events" | "thing";
  /** Absent where `kind` is `thing`. */
  readonly affordance?: string;
  readonly op: readonly string[];
  readonly subprotocol?: string;
  /** Which parameters of the query a client fills in: `{?limit,offset}` behind the form's path. */
  readonly variables?: readonly string[];
}

/**
 * One row of the table of routes: requests, TD forms, `Allow`, HEAD and roles are all derived from it. Of two rows with one
 * method and path, that in `text/event-stream` answers who accepts it by name.
 */
export interface Route {
  readonly method: Method;
  /** From the root of the server, with `:name` for one segment. */
  readonly path: string;
  /** Who may use it; `none` is everybody, before any login. */
  readonly role: Role | "none";
  /** What it does, in a line. */
  readonly summary: string;
  /** More about it, or what stands behind it. */
  readonly description?: string;
  readonly form?: FormPlace | readonly FormPlace[];
  /** What is to be said of the `:name` segments of the path. */
  readonly params?: Readonly<Record<string, TSchema>>;
  /** Parameters of the query by name. */
  readonly query?: Readonly<Record<string, TSchema>>;
  readonly request?: {
    readonly contentType: string;
    readonly schema?: TSchema;
    /** Other types that a body may have: a bare scalar as text. */
    readonly otherTypes?: readonly string[];
    /** The body may be left out. */
    readonly isOptional?: boolean;
  };
  readonly response: {
    readonly status: number;
    /** Which schema of the Thing Description the answer has, where it is not what the affordance describes. */
    readonly named?: SchemaName;
    readonly contentType?: string;
    readonly schema?: TSchema;
    /** Other types that the answer may have, whatever is accepted. */
    readonly otherTypes?: readonly string[];
    /** When it is 204 without a body instead. */
    readonly emptyWhen?: string;
  };
  /** What it fails with, beside what any request with a body may: the Thing Description tells their statuses. */
  readonly errors?: readonly ErrorCode[];
  /** Pictures that may be shown on pages of other origins, where the Thing's configuration says `embed`. */
  readonly picture?: boolean;
  /**
   * What is there has a tag, which GET answers with; of what a handler returns that is the hash. Conditions of other methods
   * are judged by the handler. Of other routes nobody was told a tag.
   */
  readonly hasETag?: boolean;
  /** The file of the page that shows its answer to people, whose browsers ask for HTML. */
  readonly page?: string;
  /** Its answer is sent in gzip to a client that takes that: it is the same for all, and has a tag. */
  readonly compresses?: boolean;
  /** GET may be for a part of it: 206. */
  readonly hasRanges?: boolean;
  /** Its answer grows with what others do: it takes turns with other such answers. */
  readonly large?: boolean;
  handle(exchange: Exchange): Promise<Reply | undefined>;
}

/** Where a route stands in Thing Descriptions. */
export function placesOf({ form = [] }: Route): readonly FormPlace[] {
  return "op" in form ? [form] : form;
}

export const JSON_TYPE = "application/json";
export const PROBLEM_TYPE = "application/problem+json";
export const EVENT_STREAM_TYPE = "text/event-stream";
export const TD_TYPE = "application/td+json";
export const TM_TYPE = "application/tm+json";
