import { withDeadline } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { decodePercent } from "../../base/percent.ts";
import { quoted } from "../../base/preview.ts";
import { isRecord } from "../../base/values.ts";
import { ClientError } from "../../client/client-error.ts";
import { type ConnectionOptions, Http } from "../../client/http.ts";
import { hasFiles, type RelayedFiles, type RelayedRequest } from "../../files/relayed-files.ts";
import { RECORDED, StoredFile } from "../../files/stored-file.ts";
import type { DescribedThing } from "./described.ts";
import { rethrown } from "./origin-values.ts";

/** How long an origin may take to begin its answer, ms. */
const ANSWER_MS = 30_000;
/** Ids of files, and names of what belongs to them: nothing that would lead elsewhere in an address. */
const SEGMENT = /^[\w-][\w.-]{0,99}$/;
/** The end of a link to a file, or to a part of one: Thing, list, id and part. */
const LINK = /([^/]+)\/([^/]+)\/([^/]+)$/;

/** Whose files they are. */
interface Owner {
  /** Its name here. */
  name(): string;
  readonly described: DescribedThing;
  /** Where its description is. */
  readonly url: string;
}

/**
 * The recordings of a Thing of the origin, which are relayed when somebody asks for one here. Only those that a server lists among all
 * recordings: whoever may look may have them there, too, whatever the login of the mirror may see besides.
 */
export class OriginFiles implements RelayedFiles {
  readonly #connection: ConnectionOptions;
  #owner: Owner | undefined;
  #lists: ReadonlySet<string> = new Set();
  /** Values that are asked for again and again, with their links of here. */
  #linked = new WeakMap<object, unknown>();

  constructor(connection: ConnectionOptions) {
    this.#connection = connection;
  }

  /** From now on it is for the Thing that is described so. */
  follow(owner: Owner): void {
    this.#owner = owner;
    this.#linked = new WeakMap();
    const lists = owner.described.properties.filter(({ name, schema }) => {
      return RECORDED.has(name) && hasFiles(schema);
    });
    this.#lists = new Set(lists.map(({ name }) => name));
  }

  lists(property: string): boolean {
    return this.#lists.has(property);
  }

  /** The same value, whose links to files lead to this server. */
  linked(value: unknown): unknown {
    if (this.#lists.size === 0 || typeof value !== "object" || value === null) return value;
    const linked = this.#linked.get(value) ?? this.#relinked(value);
    this.#linked.set(value, linked);
    return linked;
  }

  async fetch(
    property: string,
    path: readonly string[],
    { method, headers, signal }: RelayedRequest,
  ): Promise<Response> {
    const { url } = this.#owner!;
    const wrong = path.find((segment) => !SEGMENT.test(segment));
    if (wrong !== undefined)
      throw new ThingError("NOT_FOUND", `The origin has no file ${quoted(wrong)}.`);
    const at = new URL([property, ...path].join("/"), url).href;
    const http = new Http(url, this.#connection);
    const answer = await withDeadline(ANSWER_MS, signal, async (either) =>
      http.request(at, {
        ...{ method, accept: "*/*", signal: either, redirect: "manual" },
        // What is not to be stored would be asked for without its conditions.
        headers: { ...headers, "Accept-Encoding": "identity", "Cache-Control": "max-age=0" },
        isAnswer: ({ status }) => status === 304,
      }),
    ).catch((error) => (signal.aborted ? Promise.reject(error) : this.#failed(error, at)));
    return answer;
  }

  #failed(error: unknown, at: string): never {
    if (error instanceof ClientError) rethrown(error);
    throw new ThingError(
      "DISCONNECTED",
      `${at} was not answered within ${ANSWER_MS / 1000} s. Check the origin and its network, and try again.`,
      { cause: error },
    );
  }

  #relinked(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#relinked(one));
    if (!isRecord(value)) return value;
    const entries = () => Object.entries(value).map(([key, one]) => [key, this.#relinked(one)]);
    return this.#fileIn(value) ?? Object.fromEntries(entries());
  }

  #fileIn(record: Record<string, unknown>): StoredFile | undefined {
    const { id, name, href, type, size, created, growing, parts, ...about } = record;
    if (![id, name, href, type].every((one) => typeof one === "string")) return undefined;
    const { name: here, url } = this.#owner!;
    const link = String(href);
    const pathname = URL.canParse(link, url) ? new URL(link, url).pathname : "";
    const [, thing = "", list = "", last] = LINK.exec(pathname) ?? [];
    const there = nameIn(new URL(url).pathname);
    if (decodePercent(thing) !== there || !this.lists(list) || last !== id) return undefined;
    const names = Object.keys(isRecord(parts) ? parts : {}).filter((part) => SEGMENT.test(part));
    return new StoredFile(String(id), `/${here()}/${list}`, {
      ...{ path: String(name), mediaType: String(type), about },
      ...{ size: Number(size) || 0, createdAt: Date.parse(String(created)) || 0 },
      isGrowing: growing === true,
      parts: Object.fromEntries(names.map((part) => [part, ELSEWHERE])),
    });
  }
}

/** It is not here: routes of relayed files ask the origin. */
const ELSEWHERE = { mediaType: "", content: "" };

function nameIn(pathname: string): string {
  return decodePercent(/([^/]+)\/?$/.exec(pathname)?.[1] ?? "");
}
