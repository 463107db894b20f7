import { withDeadline } from "../../base/abort.ts";
import { isRecord } from "../../base/values.ts";
import { ClientError, unreachable } from "../../client/client-error.ts";
import { serverSentEvents } from "../../client/event-stream.ts";
import { fetchDescription } from "../../client/fetch-description.ts";
import type { ConnectionOptions } from "../../client/http.ts";
import { bareUrl, Http, parseUrl } from "../../client/http.ts";
import type { JsonObject } from "../../client/json.ts";
import type { MirrorOrigin, OriginThing } from "./mirror.ts";

/** How long a server may take to list its Things, and to begin to tell of changes, ms. */
const LIST_MS = 30_000;

/** All Things of a server, or one, by its address. */
export class ServerOrigin implements MirrorOrigin {
  readonly connection: ConnectionOptions;
  readonly whenEmpty: string;
  readonly #http: Http;
  readonly #listMs: number;
  /** The given address, which ends with a slash. */
  readonly #url: string;
  /** Where the server begins, once it is known; `only`: the name of the one Thing that is mirrored. */
  #place: { readonly root: string; readonly only?: string } | undefined;

  /** @param url - Of a server, such as `http://pi.lab:5000`, or of one of its Things. @throws {ClientError} `BAD_ARGUMENT`. */
  constructor(url: string, connection: ConnectionOptions = {}, { listMs = LIST_MS } = {}) {
    this.#listMs = listMs;
    const { pathname, search, hash } = parseUrl(url);
    this.connection = connection;
    this.#http = new Http(url, connection);
    const bare = bareUrl(url);
    this.#url = pathname.endsWith("/") || search || hash ? bare : `${bare}/`;
    this.whenEmpty = `${bare} has no Things, so there is nothing to mirror. If it is a mirror itself, check that its way to a camera does not lead back to this server.`;
  }

  async things(signal: AbortSignal): Promise<OriginThing[]> {
    const place = this.#place ?? (await this.#find(signal));
    this.#place = place;
    const { root, only } = place;
    if (only !== undefined) return [await this.#one(only, `${root}${only}/`, signal)];
    return listed(await this.#descriptions(root, signal), root);
  }

  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    if (!this.#place) await this.things(signal);
    const { root } = this.#place!;
    const url = `${root}directory/events`;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(silent(url, this.#listMs)), this.#listMs);
    const onOpen = () => {
      clearTimeout(timer);
      onChange();
    };
    const either = AbortSignal.any([signal, late.signal]);
    try {
      for await (const _ of serverSentEvents(this.#http, url, { signal: either, onOpen }))
        onChange();
    } finally {
      clearTimeout(timer);
    }
    late.signal.throwIfAborted();
  }

  /** A server answers with the descriptions of its Things; one Thing is below its server. */
  async #find(signal: AbortSignal): Promise<{ root: string; only?: string }> {
    try {
      await this.#descriptions(this.#url, signal);
      return { root: this.#url };
    } catch (error) {
      if (!(error instanceof ClientError) || error.status !== 404) throw error;
    }
    const [, root = "", only = ""] = /^(.*\/)([^/]+)\/$/.exec(this.#url) ?? [];
    await this.#one(only, this.#url, signal);
    return { root, only };
  }

  async #one(name: string, url: string, signal: AbortSignal): Promise<OriginThing> {
    const { described, from } = await fetchDescription(this.#http, url, signal);
    return { name, td: described.raw, url: from };
  }

  async #descriptions(root: string, signal: AbortSignal): Promise<JsonObject> {
    const url = `${root}thing_descriptions/`;
    let late: AbortSignal | undefined;
    const found = await withDeadline(this.#listMs, signal, async (either) => {
      late = either;
      return this.#http.json(await this.#http.request(url, { signal: either }));
    }).catch((error) => {
      if (!late?.aborted || signal.aborted) throw error;
      throw silent(url, this.#listMs);
    });
    if (isRecord(found)) return found;
    throw new ClientError("BAD_ANSWER", `${url} does not list Thing Descriptions by name.`, {
      url,
    });
  }
}

function silent(url: string, ms: number): ClientError {
  return unreachable(url, new Error(`it did not answer within ${ms / 1000} s`));
}

function listed(descriptions: JsonObject, root: string): OriginThing[] {
  return Object.entries(descriptions).flatMap(([name, td]) =>
    isRecord(td) ? [{ name, td, url: `${root}${name}/` }] : [],
  );
}
