import type { IncomingMessage } from "node:http";
import { mediaRangesIn, qualityByName } from "./accept.ts";
import { type Page, pageOf } from "./pages.ts";
import type { Problem } from "./problem.ts";
import { JSON_TYPE, PROBLEM_TYPE, type Reply, type Route, TD_TYPE } from "./route.ts";

/** No path of a server is deeper; a client may ask for any. */
const DEEPEST = 64;
const HTML_TYPE = "text/html; charset=utf-8";
/** What programs name that want the same as data. */
const DATA_TYPES = [JSON_TYPE, TD_TYPE, PROBLEM_TYPE, "application/ld+json"];

/** Whether a person looks at the answer: the client names HTML, and nothing that is data before it. */
export function prefersHtml({ method, headers: { accept } }: IncomingMessage): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  if (!accept || !/html/i.test(accept)) return false; // programs pass here
  const ranges = mediaRangesIn(accept);
  const html = qualityByName(ranges, "text/html");
  if (!html || html.quality === 0) return false;
  return DATA_TYPES.every((type) => {
    const data = qualityByName(ranges, type);
    if (!data || data.quality < html.quality) return true;
    return data.quality === html.quality && data.position > html.position;
  });
}

/** The page that shows what a route answers; undefined for a program, and for a route without one. */
export function pageReply(
  { page }: Route,
  request: IncomingMessage,
  prefix: string,
): Reply | undefined {
  if (page === undefined || !prefersHtml(request)) return undefined;
  const { html, headers } = pageAt(page, request, prefix);
  return { status: 200, body: Buffer.from(html), contentType: HTML_TYPE, headers };
}

/** The answer of a route that has a page, too: caches have to know that. */
export function besidePage({ page }: Route, reply: Reply): Reply {
  if (page === undefined) return reply;
  const { Vary: vary } = reply.headers ?? {};
  if (vary?.includes("Accept")) return reply;
  return { ...reply, headers: { ...reply.headers, Vary: vary ? `Accept, ${vary}` : "Accept" } };
}

/** A problem as a page with a way back. Its texts may be what a client sent: they are text there, never markup. */
export function problemPage(problem: Problem, request: IncomingMessage, prefix: string): Reply {
  const { html, headers } = pageAt("problem.html", request, prefix);
  const { status, title, detail, code } = problem;
  const texts: Readonly<Record<string, string>> = { status: String(status), title, detail, code };
  const body = html.replace(/\{(status|title|detail|code)\}/g, (_, name: string) =>
    escapeHtml(texts[name] ?? ""),
  );
  return { status, body, contentType: HTML_TYPE, headers: { ...headers, Vary: "Accept" } };
}

/** Its links lead from where it is shown to the root of the server, and so through any proxy. */
function pageAt(file: string, { url = "" }: IncomingMessage, prefix: string): Page {
  const [path = ""] = url.split("?");
  const depth = Math.min(DEEPEST, path.split("/").length - 2);
  const root = "../".repeat(Math.max(0, depth)) || "./";
  return pageOf(file, prefix ? `${root}${prefix.slice(1)}/` : root, root);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
