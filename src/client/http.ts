import { decodePercent } from "../base/percent.ts";
import { httpUrlIn } from "../base/values.ts";
import { assertShallow, bytesOfAnswer, textOfAnswer } from "./answer-body.ts";
import { answerError } from "./answer-error.ts";
import { ClientError, unreachable } from "./client-error.ts";
import { isJsonType } from "./json.ts";
import { lenientFetch } from "./lenient.ts";
import { bodyOf, isPlainText, isTextSchema, valueOfText } from "./media-types.ts";
import { blobReviver, RemoteBlob } from "./remote-blob.ts";

/** Without it nothing in a JSON text is a blob: a million numbers are not looked at one by one. */
const BLOB_MARK = '"href"';

/** HTTP Basic with a name and a password, or a bearer token. */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly token: string };

/** What everything in this client that talks to a server can be told. */
export interface ConnectionOptions {
  /** Sent to the origin of the URL that they are given with, and to no other. */
  readonly credentials?: Credentials | undefined;
  /** Takes the place of the global `fetch`, e.g. to go through a proxy. */
  readonly fetch?: typeof fetch | undefined;
}

/** One request. */
interface HttpRequest {
  readonly method?: string;
  /** Media type that is wanted. */
  readonly accept?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as its type wants it, unless it is undefined: as JSON, as plain text, or bytes as they are. */
  readonly body?: unknown;
  /** Media type of the body. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Followed by default. */
  readonly redirect?: "manual";
  /** Says which answers outside 200 to 299 are no failure of the request. None is without it. */
  readonly isAnswer?: (response: Response) => boolean;
}

/** Talks to one server. Whatever is not an answer from 200 to 299, or wanted, becomes a ClientError with a sentence. */
export class Http {
  /** The only origin that sees the credentials. */
  readonly origin: string;
  readonly #authorization: string | undefined;
  readonly #fetch: typeof fetch;
  readonly #given: readonly [url: string, options: ConnectionOptions];

  constructor(url: string, options: ConnectionOptions = {}) {
    this.#given = [url, options];
    const { origin, username, password } = parseUrl(url);
    const inUrl = username
      ? { username: decodePercent(username), password: decodePercent(password) }
      : undefined;
    this.origin = origin;
    this.#authorization = authorizationOf(options.credentials ?? inUrl);
    this.#fetch = options.fetch ?? globalThis.fetch;
  }

  /** The same, for GET, of answers that `fetch` refuses; undefined where there is no such reader, or a `fetch` was given. */
  get lenient(): Http | undefined {
    const [url, options] = this.#given;
    const fetch = lenientFetch();
    return fetch && !options.fetch ? new Http(url, { ...options, fetch }) : undefined;
  }

  /**
   * @throws {ClientError} with the sentence of the server's problem; `UNREACHABLE`.
   * @throws the signal's reason when it aborts.
   */
  async request(url: string, request: HttpRequest = {}): Promise<Response> {
    const { method = "GET", signal, redirect = "follow" } = request;
    const fetcher = this.#fetch; // called bare: a browser's fetch refuses to be a method of anything else
    const init = {
      method,
      headers: this.#headersFor(url, request),
      body: bodyOf(request),
      signal: signal ?? null,
      redirect: redirect as "follow" | "manual",
      cache: "no-store" as const, // browsers would remember what a property was
    };
    const response = await fetcher(url, init).catch((error: unknown) => {
      throw signal?.aborted ? signal.reason : unreachable(url, error);
    });
    if (response.ok || request.isAnswer?.(response)) return response;
    throw await answerError(method, response);
  }

  /** The JSON of an answer. @throws {ClientError} `BAD_ANSWER`. */
  async json<T = unknown>(response: Response): Promise<T> {
    return this.parse<T>(await textOfAnswer(response), response.url);
  }

  /** JSON that came from `url`, with every link to a blob made one. @throws {ClientError} `BAD_ANSWER`. */
  parse<T = unknown>(text: string, url: string): T {
    assertShallow(text, url);
    try {
      // What the Thing promises in its description is taken at its word from here on.
      return JSON.parse(text, text.includes(BLOB_MARK) ? blobReviver(this, url) : undefined);
    } catch (cause) {
      throw new ClientError(
        "BAD_ANSWER",
        `${url} did not answer with JSON but with '${text.slice(0, 60)}'. Is that the address of a Thing?`,
        { cause, url },
      );
    }
  }

  /**
   * What an answer holds: JSON, nothing at all, a plain text, or bytes of another type as a RemoteBlob. `T` says which.
   * @param schema - A plain text is a number or a boolean where this says so.
   * @param expected - Its media type, if the server does not say.
   */
  async content<T>(
    response: Response,
    { schema, expected = "application/json" }: { schema?: unknown; expected?: string } = {},
  ): Promise<T> {
    const contentType = response.headers.get("content-type") ?? expected;
    const isEmpty = response.status === 204 || response.headers.get("content-length") === "0";
    if (isEmpty) return (isPlainText(contentType) && isTextSchema(schema) ? "" : undefined) as T;
    if (isJsonType(contentType)) {
      const text = await textOfAnswer(response);
      const isNothing =
        text === "" && (response.status !== 200 || !response.headers.has("content-type"));
      return isNothing ? (undefined as T) : this.parse<T>(text, response.url);
    }
    if (isPlainText(contentType)) return valueOfText(await textOfAnswer(response), schema) as T;
    return (await this.blob(response, contentType)) as T;
  }

  /** The bytes of an answer, whatever their type. */
  async blob(
    response: Response,
    mediaType = response.headers.get("content-type") ?? "application/octet-stream",
  ): Promise<RemoteBlob> {
    return RemoteBlob.ofBytes(this, response.url, mediaType, await bytesOfAnswer(response));
  }

  #headersFor(url: string, request: HttpRequest): Headers {
    const headers = new Headers(request.headers);
    headers.set("Accept", `${request.accept ?? "application/json"}, */*;q=0.1`);
    if (request.body !== undefined) {
      headers.set("Content-Type", request.contentType ?? "application/json");
    }
    if (this.#authorization && parseUrl(url).origin === this.origin) {
      headers.set("Authorization", this.#authorization);
    }
    return headers;
  }
}

/** @throws {ClientError} `BAD_ARGUMENT` for a text that is no http address. */
export function parseUrl(url: string): URL {
  const parsed = httpUrlIn(url);
  if (parsed) return parsed;
  throw new ClientError(
    "BAD_ARGUMENT",
    `'${url}' is not an http address. Write it whole, e.g. http://127.0.0.1:5000/camera/.`,
  );
}

/** The same address without the name and password in it: `fetch` takes none. */
export function bareUrl(url: string): string {
  const parsed = parseUrl(url);
  parsed.username = "";
  parsed.password = "";
  return parsed.href;
}

/** The value of `Authorization`. */
export function authorizationOf(credentials: Credentials | undefined): string | undefined {
  if (!credentials) return undefined;
  if ("token" in credentials) return `Bearer ${credentials.token}`;
  const bytes = new TextEncoder().encode(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...bytes))}`;
}
