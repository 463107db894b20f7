import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { pageModules, pagesVersion } from "../../../src/base/page-files.ts";
import { TEST_MS } from "../../limits.ts";
import { sharedMicroscope } from "../demo-server.ts";
import { ask } from "../requests.ts";

const timeout = TEST_MS;
const GZIP = { "Accept-Encoding": "gzip, deflate, br" };

/** The body as it is on the wire. */
async function wire(url: string, headers: Record<string, string>) {
  const sent = request(url, { headers, agent: false }).end();
  return new Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }>(
    (resolve, reject) => {
      sent.on("error", reject);
      sent.on("response", async (response) => {
        const body = Buffer.concat(await response.toArray());
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
    },
  );
}

test("assets, pages and descriptions are sent in gzip to a client that takes it, with a tag of their own", {
  timeout,
}, async () => {
  const { url } = await sharedMicroscope();
  const asset = pageModules().modules.find((path) => path.includes("lit-element"));
  for (const path of [
    "/",
    "/docs",
    `/assets/${pagesVersion()}/${asset}`,
    "/thing_descriptions/",
    "/camera/",
    "/directory/things",
    "/.well-known/wot",
    "/openapi.json",
    "/thing_models/SimulatedCamera",
  ]) {
    const plain = await wire(url + path, {});
    const zipped = await wire(url + path, GZIP);
    assert.equal(plain.headers["content-encoding"], undefined, path);
    assert.equal(zipped.headers["content-encoding"], "gzip", path);
    assert.equal(Number(zipped.headers["content-length"]), zipped.body.length, path);
    assert.ok(zipped.body.length < plain.body.length, path);
    assert.deepEqual(gunzipSync(zipped.body), plain.body, path);
    for (const { headers } of [plain, zipped])
      assert.match(String(headers.vary), /Accept-Encoding/, path);
    assert.notEqual(zipped.headers.etag, plain.headers.etag, path);
    const known = { "If-None-Match": String(zipped.headers.etag) };
    const again = await wire(url + path, { ...GZIP, ...known });
    assert.equal(again.status, 304, path);
    assert.equal(again.headers.etag, zipped.headers.etag, path);
    assert.match(String(again.headers.vary), /Accept-Encoding/, path);
    assert.equal((await wire(url + path, known)).status, 200, `${path}: not the bytes it has`);
  }
});

test("what a client says of gzip is obeyed", { timeout }, async () => {
  const { port } = await sharedMicroscope();
  for (const [accepted, coding] of [
    ["gzip", "gzip"],
    ["GZIP;Q=0.1", "gzip"],
    ["x-gzip", "gzip"],
    ["br, *;q=0.5", "gzip"],
    ["gzip;q=0", undefined],
    ["gzip;q=0, *", undefined],
    ["gzip;q=nonsense", undefined],
    ["identity, gzip;q=0.5", undefined],
    ["identity", undefined],
    ["br", undefined],
    ["", undefined],
    [",;,", undefined],
  ] as const) {
    const headers = { "Accept-Encoding": accepted };
    const { status, headers: got } = await ask(port, { method: "HEAD", path: "/camera/", headers });
    assert.deepEqual([status, got["content-encoding"]], [200, coding], accepted);
  }
});

test("a stream, a picture, a value and what /health says are never compressed", {
  timeout,
}, async () => {
  const { url } = await sharedMicroscope();
  for (const path of [
    "/camera/mjpeg_stream",
    "/camera/mjpeg_stream/snapshot",
    "/stage/position",
    "/directory/events",
    "/health",
  ]) {
    const ending = new AbortController();
    const { headers } = await fetch(url + path, { headers: GZIP, signal: ending.signal });
    assert.equal(headers.get("content-encoding"), null, path);
    ending.abort();
  }
});

test("many clients that come at once get one compressed body, and all the same", {
  timeout,
}, async () => {
  const { url } = await sharedMicroscope();
  const all = await Promise.all(
    Array.from({ length: 20 }, () => wire(`${url}/thing_descriptions/`, GZIP)),
  );
  for (const { body } of all) assert.deepEqual(body, all[0]!.body);
});
