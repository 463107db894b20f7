import { createHash } from "node:crypto";
import { extname } from "node:path";
import { ThingError } from "../../base/errors.ts";
import {
  elementsScript,
  pageFile,
  pageFileNames,
  pageModule,
  pageModules,
  pagesVersion,
} from "../../base/page-files.ts";
import { quoted } from "../../base/preview.ts";
import { prefixOf } from "./origin.ts";
import { allowEmbedding, policyWith } from "./reply.ts";
import type { Route } from "./route.ts";

const HTML_TYPE = "text/html; charset=utf-8";
const SCRIPT_TYPE = "text/javascript; charset=utf-8";
const ASSET_TYPES: ReadonlyMap<string, string> = new Map([
  [".css", "text/css; charset=utf-8"],
  [".js", SCRIPT_TYPE],
  [".svg", "image/svg+xml"],
]);
/** What a page with pictures begins with, before the rest of its modules has come. */
const START = "public/frames/start.js";
const ANYWHERE = "http: https: ws: wss:";
/** The worker that receives pictures, also those of other servers: browsers keep its policy as long as the file. */
const PICTURE_WORKER = "public/frames/picture-worker.js";
/** A file has another address when the pages have changed: what a browser has, it need not ask for. */
const FOR_EVER = { "Cache-Control": "private, max-age=31536000, immutable" } as const;

/**
 * The pages of the server: the dashboard, the API, and the files that both are made of.
 * @param isFleet - Whether the dashboard shows Things of other servers, which may come while it is open.
 */
export function pageRoutes(prefix: string, isFleet = false): Route[] {
  const connects = isFleet ? ANYWHERE : "";
  return [
    pageRoute(prefix, { name: "", file: "index.html", summary: "The dashboard", connects }),
    pageRoute(prefix, {
      name: "docs",
      file: "api.html",
      summary: "The API reference, where requests can be tried",
    }),
    assetRoute(`${prefix}/assets`),
    elementsRoute(`${prefix}/elements.js`),
    ...(prefix ? [redirect("/", `${prefix}/`)] : []),
  ];
}

/** A page with its links, its import map and its modules. */
export interface Page {
  readonly html: string;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * A page of the server as it is sent. In its text `{top}` stands for the way to the root of the server, `{home}` for that to the
 * dashboard, `{assets}` for that to the files of the pages, and `{modules}` for its scripts: an import map, and the modules that are needed at once.
 * @param base - From where the page is to the server's prefix: `./`, `../../`.
 * @param top - From there to the root.
 * @param connects - Where it may connect to beside the server.
 */
export function pageOf(file: string, base: string, top = base, connects = ""): Page {
  const assets = `${base}assets/${pagesVersion()}/`;
  const map = importMapOf(assets);
  const script = file.replace(/\.html$/, ".js");
  const order = pageModules().order[script];
  const preload = (path: string) => `<link rel="modulepreload" href="${assets}${path}" />`;
  const modules = order
    ? [
        `<script type="importmap">${map}</script>`,
        ...order.first.map(preload),
        ...(order.first.includes(START)
          ? [`<script type="module" async src="${assets}${START}"></script>`]
          : []),
        `<script type="module" src="${assets}public/${script}"></script>`,
        ...(order.later.length > 0
          ? [`<template id="later">${order.later.map(preload).join("")}</template>`]
          : []),
      ]
    : [];
  const html = pageFile(file)
    .toString()
    .replaceAll("{top}", top)
    .replaceAll("{home}", base)
    .replaceAll("{assets}", assets)
    .replaceAll("{modules}", modules.join("\n    "));
  const hash = createHash("sha256").update(map).digest("base64");
  return {
    html,
    headers: { "Content-Security-Policy": policyWith(`'sha256-${hash}'`, connects) },
  };
}

/**
 * The viewer of one stream.
 * @param stream - The way from the page to the stream: `.` from `{stream}/viewer`.
 * @param base - From where the page is to the server's prefix.
 * @param isNearest - Whether it looks for the nearest mirror, at any address.
 */
export function viewerOf(stream: string, base: string, isNearest = false): Page {
  const { html, headers } = pageOf("viewer.html", base, base, isNearest ? ANYWHERE : "");
  return { html: html.replaceAll("{stream}", stream), headers };
}

function importMapOf(assets: string): string {
  const entries = Object.entries(pageModules().imports);
  return JSON.stringify({
    imports: Object.fromEntries(entries.map(([name, path]) => [name, assets + path])),
  });
}

/**
 * The files of which pages are made, read when they are first asked for, and in memory from then on: no path of a client is ever
 * looked up on the disk.
 */
function assetRoute(base: string): Route {
  const files = new Map<string, Asset>();
  for (const name of pageFileNames()) {
    const contentType = ASSET_TYPES.get(extname(name));
    if (contentType) files.set(`public/${name}`, { contentType, read: () => pageFile(name) });
  }
  for (const path of pageModules().modules)
    files.set(path, { contentType: SCRIPT_TYPE, read: () => pageModule(path) });
  return {
    ...{
      method: "GET",
      path: `${base}/:version/:file*`,
      role: "view",
      hasETag: true,
      compresses: true,
    },
    summary: "A file of the pages",
    response: { status: 200, contentType: SCRIPT_TYPE, otherTypes: [...ASSET_TYPES.values()] },
    errors: ["NOT_FOUND"],
    handle: async ({ params: { version = "", file = "" } }) => {
      const asset = version === pagesVersion() ? files.get(file) : undefined;
      if (!asset) throw noAsset(file);
      asset.body ??= asset.read();
      const { contentType, body } = asset;
      const policy = file === PICTURE_WORKER && {
        "Content-Security-Policy": policyWith("", ANYWHERE),
      };
      return { status: 200, body, contentType, headers: { ...FOR_EVER, ...policy } };
    },
  };
}

/**
 * The script for other people's pages. Any page may load it, so that it can say there why the server refuses the page: nothing of
 * this server is in it.
 */
function elementsRoute(path: string): Route {
  let body: Buffer | undefined;
  return {
    ...{ method: "GET", path, role: "view", hasETag: true, compresses: true },
    summary: "The script with the elements <camera-view> and <thing-view> for pages of your own",
    response: { status: 200, contentType: SCRIPT_TYPE },
    handle: async ({ response }) => {
      allowEmbedding(response);
      body ??= elementsScript();
      const headers = { "Cache-Control": "no-cache" };
      return { status: 200, body, contentType: SCRIPT_TYPE, headers };
    },
  };
}

/** One file of the pages. */
interface Asset {
  readonly contentType: string;
  readonly read: () => Buffer;
  body?: Buffer;
}

function noAsset(file: string): ThingError {
  return new ThingError(
    "NOT_FOUND",
    `The pages of this server have no file '${quoted(file)}', or have another version now. Reload the page.`,
  );
}

/** Its links are relative, and so right behind any proxy. */
function pageRoute(
  prefix: string,
  page: {
    readonly name: string;
    readonly file: string;
    readonly summary: string;
    readonly connects?: string;
  },
): Route {
  const { name, file, summary, connects } = page;
  const top = "../".repeat(prefix.split("/").length - 1);
  const { html, headers } = pageOf(file, "./", top || "./", connects);
  const body = Buffer.from(html);
  return {
    ...{
      method: "GET",
      path: `${prefix}/${name}`,
      role: "view",
      summary,
      hasETag: true,
      compresses: true,
    },
    response: { status: 200, contentType: HTML_TYPE },
    handle: async () => ({ status: 200, body, contentType: HTML_TYPE, headers }),
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
