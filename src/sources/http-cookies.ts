import type { HttpHead } from "./http-head.ts";

/** Of one camera: a session has one or two. */
const MOST_COOKIES = 20;
const LONGEST_COOKIE = 4096;
const COOKIE = /^\s*([^=;\s]+)\s*=\s*([^;]*?)\s*(?:;|$)/;
const GONE = /;\s*max-age\s*=\s*(?:0|-\d+)\s*(?:;|$)/i;

/**
 * The cookies of one run of requests: cameras begin a session with a redirect or a refused login, and want its cookie from then
 * on. Each goes back to the origin that it came from; paths and dates are not looked at, since a run is short and its addresses few.
 */
export class HttpCookies {
  /** By origin, then by name. */
  readonly #kept = new Map<string, Map<string, string>>();

  /** The `Cookie` of a request, if there is one. */
  headersFor({ origin }: URL): Readonly<Record<string, string>> {
    const kept = [...(this.#kept.get(origin) ?? [])];
    if (kept.length === 0) return {};
    return { Cookie: kept.map(([name, value]) => `${name}=${value}`).join("; ") };
  }

  /** Keeps what an answer sets. */
  take({ origin }: URL, { headers }: HttpHead): void {
    const set = headers.get("set-cookie");
    if (set === undefined) return;
    const kept = this.#kept.get(origin) ?? new Map<string, string>();
    this.#kept.set(origin, kept);
    for (const line of set.split("\n")) {
      const [, name, value] = COOKIE.exec(line) ?? [];
      if (name === undefined || value === undefined) continue;
      const isShort = name.length + value.length <= LONGEST_COOKIE;
      if (GONE.test(line)) kept.delete(name);
      else if (isShort && (kept.has(name) || kept.size < MOST_COOKIES)) kept.set(name, value);
    }
  }
}
