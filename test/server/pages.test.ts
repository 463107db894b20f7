import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { pageModules, pagesVersion } from "../../src/base/page-files.ts";
import { TEST_MS } from "../limits.ts";
import { microscopeFor } from "./demo-server.ts";
import { ask } from "./requests.ts";

test("the pages and every file that they name are served, with or without a prefix", {
  timeout: TEST_MS,
}, async (t) => {
  for (const apiPrefix of ["", "/api/v3"]) {
    const { url } = await microscopeFor(t, { apiPrefix });
    for (const page of [`${url}${apiPrefix}/`, `${url}${apiPrefix}/docs`]) {
      const response = await fetch(page);
      assert.equal(response.headers.get("content-type"), "text/html; charset=utf-8");
      const html = await response.text();
      const named = [...html.matchAll(/(?:src|href)="([^"#]+)"/g)].map(([, href]) => href!);
      assert.ok(named.length > 6);
      for (const href of named) {
        const file = await fetch(new URL(href, page));
        assert.equal(file.status, 200, `${page} names ${href}`);
        await file.body?.cancel();
      }
    }
    const root = await fetch(url);
    assert.equal(root.url, `${url}${apiPrefix}/`);
    await root.body?.cancel();
  }
});

/** The namespace of SVG, and the camera of an example. */
const NOT_FETCHED = ["http://www.w3.org", "http://192.168.1.65"];

test("pages need nothing from elsewhere, and no style or script inside them", () => {
  for (const name of readdirSync(packagePath("public"), { recursive: true, encoding: "utf8" })) {
    if (!name.includes(".")) continue;
    const text = readFileSync(packagePath("public", name), "utf8");
    const addresses = [...text.matchAll(/https?:\/\/[\w.-]+/g)].map(([address]) => address);
    assert.deepEqual(
      addresses.filter((address) => !NOT_FETCHED.includes(address)),
      [],
      name,
    );
    if (!name.endsWith(".html")) continue;
    assert.doesNotMatch(text, /<style|\sstyle=|\son\w+=|<script(?![^>]* src=)/, name);
  }
});

test("an asset is one of the files of public/, with its type and an ETag; no path leads elsewhere", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await microscopeFor(t);
  const assets = `/assets/${pagesVersion()}`;
  const got = await ask(port, { path: `${assets}/public/page.css` });
  assert.equal(got.headers["content-type"], "text/css; charset=utf-8");
  assert.equal(got.text, readFileSync(packagePath("public", "page.css"), "utf8"));
  const headers = { "If-None-Match": String(got.headers.etag) };
  assert.equal((await ask(port, { path: `${assets}/public/page.css`, headers })).status, 304);
  for (const path of [
    "/assets/",
    "/assets/nothing.js",
    "/assets/old/public/page.css",
    `${assets}/public/nothing.js`,
    `${assets}/public/index.html`,
    `${assets}/../package.json`,
    `${assets}/public/..%2f..%2fpackage.json`,
    `${assets}/%2e%2e/package.json`,
    `${assets}//etc/passwd`,
    `${assets}/lib/lit/package.json`,
    `${assets}/public/page.css%00.js`,
  ]) {
    const { status } = await ask(port, { path });
    assert.ok([400, 404].includes(status), `${path}: ${status}`);
  }
});

test("a page names at once all that its picture needs, its worker's modules first; the dashboard's controls wait", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await microscopeFor(t);
  const assets = `assets/${pagesVersion()}/`;
  const { order, pages } = pageModules();
  const html = await (await fetch(`${url}/`)).text();
  const [now = "", later = ""] = html.split('<template id="later">');
  const named = (part: string) =>
    [...part.matchAll(/<link rel="modulepreload" href="\.\/([^"]+)"/g)].map(([, path]) => path);
  const under = (paths: readonly string[] = []) => paths.map((path) => assets + path);
  assert.deepEqual(named(now), under(order["index.js"]?.first));
  assert.deepEqual(named(later), under(order["index.js"]?.later));
  const first = new Set(order["index.js"]?.first);
  for (const entry of ["index.js", "frames/picture-worker.js"]) {
    const lacking = pages[entry]?.filter((path) => !first.has(path));
    assert.deepEqual(lacking, [], `what ${entry} imports and the page does not name comes late`);
  }
  const behind = order["index.js"]?.later.length ?? 0;
  assert.ok(first.size < behind, `${first.size} modules before the picture, ${behind} behind it`);
  const at = (path: string) => [...first].indexOf(path);
  const worker = at("public/frames/picture-worker.js");
  assert.ok(worker >= 0 && worker < at("lib/lit/index.js"), "the worker waits for the page");
  assert.ok(now.includes(`async src="./${assets}public/frames/start.js"`));
});

test("the dashboard weighs less than 250 kB as it is sent, all of its modules with it", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await microscopeFor(t);
  const headers = { "Accept-Encoding": "gzip" };
  const sizeOf = async (path: string) => {
    const { status, headers: got } = await ask(port, { method: "HEAD", path, headers });
    assert.deepEqual([status, got["content-encoding"]], [200, "gzip"], path);
    return Number(got["content-length"]);
  };
  const { first = [], later = [] } = pageModules().order["index.js"] ?? {};
  assert.ok(first.length > 50 && later.length > 50);
  const assets = [...first, ...later, "public/page.css", "public/viewer-icon.svg"];
  const sizes = await Promise.all([
    sizeOf("/"),
    ...assets.map((path) => sizeOf(`/assets/${pagesVersion()}/${path}`)),
  ]);
  const weight = sizes.reduce((sum, size) => sum + size, 0);
  const described = await sizeOf("/thing_descriptions/");
  t.diagnostic(`page weight: ${weight} bytes in ${sizes.length} files; descriptions ${described}`);
  assert.ok(weight < 250_000, `${weight} bytes`);
});
