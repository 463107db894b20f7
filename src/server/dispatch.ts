import type { RequestListener } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import { ThingError } from "../base/errors.ts";
import { admit, answer, fail, type Serving } from "./answering.ts";
import { prefixOf } from "./http/origin.ts";
import { problemOf } from "./http/problem.ts";
import { writeProblem, writeReply } from "./http/reply.ts";
import { Place } from "./http/resource.ts";
import type { Route } from "./http/route.ts";
import { checkFraming, normalizeTarget } from "./http/target.ts";
import { nothingAt } from "./nothing-at.ts";

/** Serves a table of routes: HEAD wherever GET, `Allow` on 405, every error a problem. */
export function listenerOf(routes: readonly Route[], serving: Serving): RequestListener {
  const places = placesOf(routes);
  const plain = new Map([...places].filter(([path]) => !path.includes(":")));
  const app = expressOf(places, plain, serving);
  return (request, response) => {
    try {
      normalizeTarget(request);
      checkFraming(request);
    } catch (error) {
      response.shouldKeepAlive = false;
      fail(error, request, response, serving);
      return;
    }
    const place = plain.get(pathOf(request.url ?? ""));
    if (!place) return app(request, response);
    admit(request, response, serving, () => answer(place, NO_PARAMS, request, response, serving));
  };
}

const NO_PARAMS = {};
/** The answer to `OPTIONS *`, which asks about the server as a whole. */
const EVERYTHING = {
  status: 204,
  headers: { Allow: "GET, HEAD, PUT, POST, DELETE, OPTIONS" },
};

/**
 * What is not found by its path alone: paths with parameters, those with the wrong slash, and what is nowhere.
 * express tries one path after the other, which would take longer than all the rest of an answer.
 */
function expressOf(
  places: ReadonlyMap<string, Place>,
  plain: ReadonlyMap<string, Place>,
  serving: Serving,
): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use((request, response, next) => admit(request, response, serving, next));
  for (const [path, place] of places) {
    if (plain.has(path)) continue;
    app
      .route(path)
      .all((request, response) => answer(place, paramsOf(request), request, response, serving));
    app.route(otherSlash(path)).all(redirectToSlash);
  }
  app.use((request, response, next) => {
    const other = otherSlash(pathOf(request.originalUrl));
    if (other !== "/" && plain.has(other)) redirectToSlash(request, response);
    else next();
  });
  app.use((request, response) => {
    const path = pathOf(request.originalUrl);
    if (path === "*") return writeReply(request, response, EVERYTHING);
    writeProblem(request, response, problemOf(nothingAt(path, serving.host, serving.prefix), path));
  });
  // Four parameters are what makes express hand errors to it. Only a path that cannot be decoded gets here.
  app.use((error: unknown, request: Request, response: Response, _next: NextFunction) => {
    fail(error instanceof URIError ? undecodable(request) : error, request, response, serving);
  });
  return app;
}

function placesOf(routes: readonly Route[]): Map<string, Place> {
  const paths = new Map<string, Route[]>();
  for (const route of routes) paths.set(route.path, [...(paths.get(route.path) ?? []), route]);
  return new Map([...paths].map(([path, there]) => [path, new Place(there)]));
}

/** No route has a wildcard, which would give a list. */
function paramsOf({ params }: Request): Record<string, string> {
  return params as Record<string, string>;
}

function pathOf(url: string): string {
  const query = url.indexOf("?");
  return query < 0 ? url : url.slice(0, query);
}

/** LabThings redirects a path with the wrong trailing slash, both ways. */
function redirectToSlash(request: Request, response: Response): void {
  const path = pathOf(request.originalUrl);
  const query = request.originalUrl.slice(path.length);
  response.writeHead(307, { Location: prefixOf(request) + otherSlash(path) + query });
  response.end();
}

function otherSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : `${path}/`;
}

function undecodable({ originalUrl }: Request): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `The path ${originalUrl.split("?")[0]} has a '%' that is not followed by two hexadecimal digits of UTF-8. Write %25 for the sign itself.`,
  );
}
