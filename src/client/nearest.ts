import { ClientError } from "./client-error.ts";
import { fetchDescription } from "./fetch-description.ts";
import { bareUrl, type ConnectionOptions, Http } from "./http.ts";
import { type JsonObject, listOf, objectOf, textOf } from "./json.ts";
import type { ThingDescription } from "./thing-description.ts";

/** Mirrors that are asked at once; the others of a large fleet are left alone. */
const MOST_ASKED = 32;

/** A Thing Description, where it came from, and by what the server there is talked to. */
export interface FoundDescription {
  readonly http: Http;
  readonly described: ThingDescription;
  readonly from: string;
}

/** The description at an address. @throws {ClientError} as `fetchDescription` does. */
export function describedAt(
  url: string,
  options: ConnectionOptions,
  signal?: AbortSignal,
): Promise<FoundDescription> {
  return describedBy(new Http(url, options), bareUrl(url), signal);
}

/**
 * Where a Thing is asked soonest: itself, or one of the mirrors that the directory of its server lists. All are asked for their
 * description at once, and the first that answers is the nearest. One whose server cannot be asked is no candidate.
 * @throws {ClientError} as the Thing itself does, when nobody answers.
 */
export async function nearestDescription(
  url: string,
  options: ConnectionOptions,
  signal?: AbortSignal,
): Promise<FoundDescription> {
  const own = await describedAt(url, options, signal);
  const { http } = own;
  const mirrors = await mirrorsOf(own, signal);
  if (mirrors.length === 0) return own;
  const end = new AbortController();
  const either = signal ? AbortSignal.any([signal, end.signal]) : end.signal;
  const asked = [own.from, ...mirrors].map((at) =>
    // Each has a login of its own: nobody's is sent to another.
    describedBy(at === own.from ? http : new Http(at, { fetch: options.fetch }), at, either),
  );
  try {
    return await Promise.any(asked);
  } catch {
    return own;
  } finally {
    end.abort();
  }
}

async function describedBy(
  http: Http,
  url: string,
  signal?: AbortSignal,
): Promise<FoundDescription> {
  return { http, ...(await fetchDescription(http, url, signal)) };
}

/** Where mirrors of a Thing are, as the directory that its description links to lists them. */
async function mirrorsOf(
  { http, described, from }: FoundDescription,
  signal?: AbortSignal,
): Promise<string[]> {
  const { raw } = described;
  const [origin] = [...listOf(raw.mirrorOf).map(objectOf), { id: raw.id }];
  const things = await listedThings(http, raw, from, signal);
  return things
    .filter(({ id, mirrorOf }) => (objectOf(listOf(mirrorOf)[0]).id ?? id) === origin?.id)
    .flatMap((td) => selfOf(td) ?? [])
    .filter((at) => at !== from)
    .slice(0, MOST_ASKED);
}

async function listedThings(
  http: Http,
  td: JsonObject,
  from: string,
  signal: AbortSignal | undefined,
): Promise<JsonObject[]> {
  const type = textOf(linkOf(td, "type")?.href);
  if (type === undefined) return [];
  const base = new URL(textOf(td.base) ?? "", from);
  const at = new URL("../directory/things", new URL(type, base)).href;
  try {
    return listOf(await http.json(await http.request(at, { signal }))).map(objectOf);
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return []; // another server than ours has no such list
  }
}

/** Where a listed Thing is; of the server's own Things that is not said. */
function selfOf(td: JsonObject): string | undefined {
  const href = textOf(linkOf(td, "self")?.href);
  return href !== undefined && /^https?:/.test(href) ? href : undefined;
}

function linkOf(td: JsonObject, rel: string): JsonObject | undefined {
  return listOf(td.links)
    .map(objectOf)
    .find((link) => link.rel === rel);
}
