import { extname } from "node:path";
import { pageFile, pageFileNames } from "../../base/page-files.ts";
import { prefixOf } from "./origin.ts";
import type { Route } from "./route.ts";

const HTML_TYPE = "text/html; charset=utf-8";
const ASSET_TYPES: ReadonlyMap<string, string> = new Map([
  [".css", "text/css; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".svg", "image/svg+xml"],
]);

/** The pages of the server: the Things that are here, the API, and the files that both are made of. */
export function pageRoutes(prefix: string): Route[] {
  return [
    pageRoute(prefix, "", "index.html", "The start page, which shows all Things"),
    pageRoute(prefix, "docs", "api.html", "The API reference, where requests can be tried"),
    ...assetRoutes(`${prefix}/assets`),
    ...(prefix ? [redirect("/", `${prefix}/`)] : []),
  ];
}

/**
 * A route for each file of which pages are made now, and in memory from now on: no path of a client is ever looked up
 * on the disk.
 */
function assetRoutes(base: string): Route[] {
  return pageFileNames().flatMap((name) => {
    const contentType = ASSET_TYPES.get(extname(name));
    if (contentType === undefined) return [];
    return [
      fileRoute(`${base}/${name}`, pageFile(name), contentType, `${name}, a file of the pages`),
    ];
  });
}

/** Its links are relative, and so right behind any proxy; `{top}` leads to the root of the server. */
function pageRoute(prefix: string, name: string, file: string, summary: string): Route {
  const top = "../".repeat(prefix.split("/").length - 1);
  const text = pageFile(file).toString().replaceAll("{top}", top);
  return fileRoute(`${prefix}/${name}`, Buffer.from(text), HTML_TYPE, summary);
}

function fileRoute(path: string, body: Buffer, contentType: string, summary: string): Route {
  return {
    method: "GET",
    path,
    role: "view",
    summary,
    response: { status: 200, contentType },
    hasETag: true,
    handle: async () => ({ status: 200, body, contentType }),
  };
}

function redirect(path: string, to: string): Route {
  return {
    method: "GET",
    path,
    role: "view",
    summary: `Redirects to ${to}`,
    response: { status: 307 },
    handle: async ({ request }) => ({
      status: 307,
      body: "",
      contentType: HTML_TYPE,
      headers: { Location: prefixOf(request) + to },
    }),
  };
}
