import assert from "node:assert/strict";
import { test } from "node:test";
import { Resources } from "../../../src/server/http/resources.ts";
import type { Route } from "../../../src/server/http/route.ts";

const PATHS = [
  "/camera/:any/first",
  "/camera/live/:any",
  "/camera/live/next",
  "/camera/films/:id",
  "/camera/films/:id/:part",
  "/camera/films/:id.mkv/",
  "/action_invocations/:id/output",
];

/** Each path with a description of its own, so that it can be told which was found. */
function resourcesAt(paths: readonly string[]) {
  const routes = paths.map((path): Route => {
    const response = { status: 200 };
    return {
      method: "GET",
      path,
      role: "view",
      summary: path,
      response,
      handle: async () => undefined,
    };
  });
  const resources = new Resources(routes);
  return (path: string) => {
    const found = resources.at(path);
    if (!found) return undefined;
    const request = { method: "GET", headers: {} } as never;
    return [found.resource.routeFor(request, {} as never).path, { ...found.params }];
  };
}

test("a path is found to the byte, with its parameters decoded; of several the first of the table", () => {
  const at = resourcesAt(PATHS);
  const cases: [path: string, found: unknown][] = [
    ["/camera/live/next", ["/camera/live/next", {}]],
    ["/camera/live/first", ["/camera/:any/first", { any: "live" }]],
    ["/camera/live/last", ["/camera/live/:any", { any: "last" }]],
    ["/camera/films/a%20b%2Fc", ["/camera/films/:id", { id: "a b/c" }]],
    ["/camera/films/7/mkv", ["/camera/films/:id/:part", { id: "7", part: "mkv" }]],
    ["/camera/films/7.mkv/", ["/camera/films/:id.mkv/", { id: "7" }]],
    ["/camera/films/.mkv/", undefined],
    ["/camera/films/7/", undefined],
    ["/camera/films/", undefined],
    ["/camera//first", undefined],
    ["/Camera/live/next", undefined],
    ["/camera/live/next/", undefined],
    ["/action_invocations/7/output", ["/action_invocations/:id/output", { id: "7" }]],
    ["/action_invocations/7/output/more", undefined],
    ["*", undefined],
    ["", undefined],
  ];
  for (const [path, found] of cases) assert.deepEqual(at(path), found, path);
  assert.throws(
    () => at("/camera/films/%zz"),
    /has a '%' that does not begin a valid UTF-8 escape/,
  );
});
