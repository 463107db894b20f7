import assert from "node:assert/strict";
import { test } from "node:test";
import type { ThingServer } from "thingscope";
import { TEST_MS } from "../limits.ts";
import { microscopeFor, watchedMicroscopeFor } from "../server/demo-server.ts";
import { secured } from "../server/secured.ts";
import { curl } from "./curl.ts";
import { assertIncludes, blocksOf, pageText } from "./page.ts";

const PAGE = pageText("http-api.md");
/** Paths of streams are explained on a page of their own. */
const STREAMS = pageText("streams.md");

/** The rows of the page's tables; those of the last are never prefixed. */
const rows = [...PAGE.matchAll(/^\| (GET|PUT|POST|DELETE) \| `([^`]+)` \| (\w+) \|/gm)].map(
  ([, method = "", path = "", role = ""]) => ({ method, path, role }),
);
const unprefixed = new Set(
  [...PAGE.split("## Without the prefix")[1]!.matchAll(/^\| \w+ \| `([^`]+)`/gm)].map(
    ([, path]) => path,
  ),
);

/** Whether a path is what a row of the page means: a name in braces is any segment. */
function fits(path: string, row: string): boolean {
  const escaped = row.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+");
  return new RegExp(`^${escaped}$`).test(path);
}

/** The routes that the page has to name: those of streams and of a class's own are told of elsewhere. */
function routesToName({ routes, host }: ThingServer) {
  const own = [...host.things.values()].flatMap(({ name, model }) => [
    ...[...model.streams.keys()].map((stream) => `/${name}/${stream}`),
    ...model.endpoints.map(({ path }) => `/${name}/${path}`),
  ]);
  return routes.filter(({ path }) => !own.some((base) => path.includes(base)));
}

test("docs/http-api.md names every route with its role, and none that is not there", {
  timeout: TEST_MS,
}, async (t) => {
  const used = new Set<unknown>();
  for (const { server } of [
    await microscopeFor(t, { apiPrefix: "/api/v3" }),
    await secured(t, { apiPrefix: "/api/v3", webhooks: { allowedHosts: ["hooks.lab.example"] } }),
  ]) {
    for (const { method, path, role } of routesToName(server)) {
      const isPrefixed = path.startsWith("/api/v3/");
      const below = isPrefixed ? path.slice("/api/v3".length) : path;
      const found = rows.filter(
        (row) => row.method === method && row.role === role && fits(below, row.path),
      );
      assert.ok(found.length > 0, `${method} ${path} (${role}) is not in docs/http-api.md`);
      for (const row of found) used.add(row);
      if (path !== "/") assert.equal(unprefixed.has(below), !isPrefixed, path);
    }
  }
  assert.deepEqual(
    rows.filter((row) => !used.has(row)),
    [],
    "docs/http-api.md has routes that are nowhere",
  );
});

test("docs/streams.md names every path of a stream", { timeout: TEST_MS }, async (t) => {
  const { server } = await microscopeFor(t);
  const base = "/camera/mjpeg_stream/";
  const below = server.routes.filter(({ path }) => path.startsWith(base));
  for (const { path } of below) {
    const [first = ""] = path.slice(base.length).split("/");
    assert.ok(STREAMS.includes(`/${first}`), `${path} is not in docs/streams.md`);
  }
});

// The commands of docs/http-api.md are typed in test/interop/pages.test.ts.
test("the commands of docs/discovery.md get the answers that it shows", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await watchedMicroscopeFor(t);
  const here = (text: string) => text.replaceAll("http://127.0.0.1:5000", url);
  const blocks = blocksOf(pageText("discovery.md"));
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== "sh") continue;
    const commands = here(text).trim().split("\n");
    const answers = [];
    for (const command of commands) {
      const response = await curl(command);
      const isEndless = response.headers.get("content-type") === "text/event-stream";
      answers.push(isEndless ? "" : await response.text());
      if (isEndless) await response.body?.cancel();
      const shown = blocks[index + 1];
      const isRefusal = shown?.language === "json" && shown.text.includes('"code"');
      assert.equal(response.ok, !isRefusal, command);
    }
    const shown = blocks[index + 1];
    const last = answers.at(-1) ?? "";
    if (shown?.language === "json")
      assertIncludes(JSON.parse(last), JSON.parse(here(shown.text)), commands.at(-1)!);
    if (shown?.language === "text") assert.equal(last, shown.text.trim());
  }
});
