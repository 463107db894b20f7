import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../../limits.ts";
import { microscopeFor } from "../demo-server.ts";
import { ask } from "../requests.ts";

const timeout = TEST_MS;
const BROWSER = {
  Accept: "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8",
};
const DOCUMENTS = [
  "/camera/",
  "/things/",
  "/thing_descriptions/",
  "/thing_models/",
  "/thing_models/SimulatedStage",
  "/directory/",
  "/directory/things",
];
const OUTSIDE = ["/.well-known/wot", "/health"];

test("health, descriptions and lists are pages for browsers, whose links lead somewhere, and JSON for programs", {
  timeout,
}, async (t) => {
  for (const apiPrefix of ["", "/api/v3"]) {
    const { url, port } = await microscopeFor(t, { apiPrefix });
    for (const path of [...DOCUMENTS.map((it) => apiPrefix + it), ...OUTSIDE]) {
      const page = await ask(port, { path, headers: BROWSER });
      assert.equal(page.headers["content-type"], "text/html; charset=utf-8", path);
      assert.match(String(page.headers["content-security-policy"]), /script-src 'self' 'sha256-/);
      const named = [...page.text.matchAll(/(?:src|href|data-\w+)="([^"#]+)"/g)].map(
        ([, it]) => it!,
      );
      for (const href of new Set([named[0]!, ...named.slice(-5)])) {
        const { pathname } = new URL(href, url + path);
        const { status } = await ask(port, { method: "HEAD", path: pathname, headers: BROWSER });
        assert.equal(status, 200, `${path} names ${href}`);
      }
      for (const accept of [undefined, "*/*", "application/json", "application/json, text/html"]) {
        const headers = accept === undefined ? {} : { Accept: accept };
        const data = await ask(port, { path, headers });
        assert.match(String(data.headers["content-type"]), /json/, `${path} for ${accept}`);
        assert.match(String(data.headers.vary), /Accept\b/, path);
        JSON.parse(data.text);
      }
    }
  }
});

test("who accepts HTML and data gets what it wants more, and of both the first", {
  timeout,
}, async (t) => {
  const { port } = await microscopeFor(t);
  for (const [Accept, type] of [
    ["text/html", "text/html; charset=utf-8"],
    ["text/html, application/json", "text/html; charset=utf-8"],
    ["application/json;q=0.9, TEXT/HTML", "text/html; charset=utf-8"],
    ["application/td+json, text/html", "application/td+json"],
    ["text/html;q=0.5, application/json", "application/td+json"],
    ["text/html;q=0", "application/td+json"],
    ["text/*", "application/td+json"],
    ["application/xhtml+xml", "application/td+json"],
  ] as const) {
    const { headers } = await ask(port, { path: "/stage/", headers: { Accept } });
    assert.equal(headers["content-type"], type, Accept);
  }
});

test("an error is a page with a way back, in which nothing that a client sent is markup", {
  timeout,
}, async (t) => {
  const { port } = await microscopeFor(t, { apiPrefix: "/api" });
  for (const path of [
    "/nothing",
    "/a/b/c",
    "/api/stage/<script>alert(1)</script>",
    "/api/%3Cimg%20src=x%20onerror=alert(1)%3E",
    "/api/{home}{detail}'\"&amp;",
    `/${"x/".repeat(500)}`,
  ]) {
    const { status, headers, text } = await ask(port, { path, headers: BROWSER });
    assert.deepEqual([status, headers["content-type"]], [404, "text/html; charset=utf-8"], path);
    assert.match(text, /<h1>(Not found|Unknown affordance)<\/h1>/);
    assert.doesNotMatch(text, /<script|<img/, path);
    assert.ok(text.length < 20_000, `${text.length} characters`);
    const [, home = ""] = /href="([^"]*)">Dashboard/.exec(text) ?? [];
    const { pathname } = new URL(home, `http://127.0.0.1${path}`);
    if (path.length < 500) assert.equal(pathname, "/api/", path);
    const program = await ask(port, { path });
    assert.deepEqual(
      [program.status, program.headers["content-type"]],
      [404, "application/problem+json"],
    );
  }
  const post = await ask(port, { method: "POST", path: "/nothing", headers: BROWSER });
  assert.equal(post.headers["content-type"], "application/problem+json");
});
