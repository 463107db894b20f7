import type { IncomingMessage, ServerResponse } from "node:http";
import { ThingError } from "../../base/errors.ts";
import { mediaRangesIn, qualityByName, qualityOf } from "./accept.ts";
import { EVENT_STREAM_TYPE, JSON_TYPE, type Route } from "./route.ts";

/** What is at a path. */
export interface Found {
  readonly resource: Resource;
  /** The `:name` segments of the path, decoded. */
  readonly params: Readonly<Record<string, string>>;
}

/**
 * The one matcher of paths. They are compared to the byte; `:name` in a route stands for one segment, or for what comes
 * before the rest of it (`:name.jpg`); `:name*` at the end for all segments that are left. A path without parameters goes before those with them; of several that fit, the first
 * of the table.
 */
export class Resources {
  /** Most requests are for one of these, which a single look-up finds. */
  readonly #plain = new Map<string, Found>();
  readonly #patterns = new Branch();

  constructor(routes: readonly Route[]) {
    const paths = new Map<string, Route[]>();
    for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
    for (const [path, there] of paths) {
      const resource = new Resource(there);
      if (path.includes(":")) this.#patterns.add(path, resource);
      else this.#plain.set(path, { resource, params: NO_PARAMS });
    }
  }

  /** @throws {ThingError} `BAD_ARGUMENT` for a parameter that cannot be decoded. */
  at(path: string): Found | undefined {
    return this.#plain.get(path) ?? this.#patterns.find(path);
  }
}

/** The routes at one path. */
class Resource {
  /** What an `Allow` header says of them. */
  readonly allow: string;
  readonly #byMethod = new Map<string, readonly Route[]>();

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      this.#byMethod.set(route.method, [...(this.#byMethod.get(route.method) ?? []), route]);
    }
    const reads = this.#byMethod.get("GET");
    this.allow = [...this.#byMethod.keys(), ...(reads ? ["HEAD"] : []), "OPTIONS"].join(", ");
    if (reads) this.#byMethod.set("HEAD", reads);
  }

  /** The route that a request is for. @throws {ThingError} `METHOD_NOT_ALLOWED`. */
  routeFor(request: IncomingMessage, response: ServerResponse): Route {
    const [first, ...others] = this.#byMethod.get(request.method ?? "") ?? [];
    if (!first) throw this.#notAllowed(request, response);
    if (others.length === 0) return first;
    response.appendHeader("Vary", "Accept");
    const all = [first, ...others];
    const value = all.find((route) => !isEventStream(route)) ?? first;
    const wanted = wantsEvents(request, value.response.contentType ?? JSON_TYPE);
    return all.find((route) => isEventStream(route) === wanted) ?? first;
  }

  #notAllowed({ url = "", method }: IncomingMessage, response: ServerResponse): ThingError {
    response.setHeader("Allow", this.allow);
    return new ThingError(
      "METHOD_NOT_ALLOWED",
      `${url.split("?")[0]} does not accept ${method}. It accepts: ${this.allow}.`,
    );
  }
}

const NO_PARAMS = {};

/** The end of a path with parameters. */
interface Leaf {
  /** Its place in the table. */
  readonly order: number;
  /** The parameter in each segment that has one. */
  readonly names: readonly (string | undefined)[];
  readonly suffixes: readonly string[];
  readonly resource: Resource;
}

/** Paths with parameters, segment by segment: how long it takes to find one does not depend on how many there are. */
class Branch {
  readonly #literal = new Map<string, Branch>();
  /** By what follows the parameter in its segment, most often nothing. */
  readonly #open = new Map<string, Branch>();
  #leaf: Leaf | undefined;
  /** What takes all segments from here on. */
  #tail: Leaf | undefined;
  #count = 0;

  add(path: string, resource: Resource): void {
    const parts = path.split("/").map((text) => {
      const [, name, suffix = ""] = /^:(\w+)(.*)$/.exec(text) ?? [];
      return { text, name, suffix };
    });
    const names = parts.map(({ name }) => name);
    const suffixes = parts.map(({ suffix }) => suffix);
    const hasTail = suffixes.at(-1) === "*";
    let branch: Branch = this;
    for (const { text, name, suffix } of hasTail ? parts.slice(0, -1) : parts) {
      const branches = name === undefined ? branch.#literal : branch.#open;
      const key = name === undefined ? text : suffix;
      branch = branches.get(key) ?? new Branch();
      branches.set(key, branch);
    }
    const leaf = { order: this.#count++, names, suffixes, resource };
    if (hasTail) branch.#tail ??= leaf;
    else branch.#leaf ??= leaf;
  }

  find(path: string): Found | undefined {
    const segments = path.split("/");
    const leaf = this.first(segments, 0);
    if (!leaf) return undefined;
    const { names, suffixes, resource } = leaf;
    const valueAt = (n: number) =>
      suffixes[n] === "*"
        ? segments.slice(n).join("/")
        : withoutEnd(segments[n] ?? "", suffixes[n] ?? "");
    const params = Object.fromEntries(
      names.flatMap((name, n) => (name === undefined ? [] : [[name, decoded(valueAt(n), path)]])),
    );
    return { resource, params };
  }

  first(segments: readonly string[], depth: number): Leaf | undefined {
    const segment = segments[depth];
    if (segment === undefined) return this.#leaf;
    let first = this.#literal.get(segment)?.first(segments, depth + 1);
    for (const [suffix, branch] of this.#open) {
      if (segment.length <= suffix.length || !segment.endsWith(suffix)) continue;
      const found = branch.first(segments, depth + 1);
      if (found && !(first && first.order < found.order)) first = found;
    }
    return first ?? (segment === "" ? undefined : this.#tail);
  }
}

function withoutEnd(segment: string, suffix: string): string {
  return segment.slice(0, segment.length - suffix.length);
}

function decoded(text: string, path: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The path ${path} has a '%' that does not begin a valid UTF-8 escape. Write %25 for the sign itself.`,
    );
  }
}

function isEventStream({ response }: Route): boolean {
  return response.contentType === EVENT_STREAM_TYPE;
}

/**
 * True for a client that names server-sent events and wants them no less than the value as it is now: an answer without an
 * end is for those who ask for it, not for `*`. Of two that it wants alike, the one that it names first is meant.
 */
function wantsEvents({ headers: { accept } }: IncomingMessage, valueType: string): boolean {
  const ranges = mediaRangesIn(accept);
  const events = qualityByName(ranges, EVENT_STREAM_TYPE);
  if (events === undefined || events.quality === 0) return false;
  const value = qualityByName(ranges, valueType);
  if (value?.quality === events.quality) return events.position < value.position;
  return events.quality >= qualityOf(ranges, valueType);
}
