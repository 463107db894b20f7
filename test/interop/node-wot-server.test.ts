import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { serveInstrument } from "./serving.ts";

// What node-wot 0.9.2's own server was found to promise and not to keep.

interface Form {
  readonly op: readonly string[];
  readonly href: string;
}

test("what node-wot's own server gets wrong", { timeout: TEST_MS }, async (t) => {
  const { url } = await serveInstrument(t);
  const description: { base: string; forms: Form[] } = JSON.parse(
    await (await fetch(`${url}/instrument/`)).text(),
  );
  const send = (method: string, href: string, body?: unknown) =>
    fetch(new URL(href, description.base), {
      method,
      ...(body !== undefined && {
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(body),
      }),
    });

  await t.test("each operation that the description offers for all properties works", async () => {
    const hrefOf = (op: string) => description.forms.find((form) => form.op.includes(op))?.href;
    const all = hrefOf("readallproperties");
    assert.ok(all);
    const writes = hrefOf("writemultipleproperties");
    assert.ok(writes, "writemultipleproperties is offered");
    assert.equal((await send("PUT", writes, { gain: 3, lit: true })).status, 204);
    assert.equal(await (await send("GET", "/instrument/gain")).json(), 3);
    assert.equal(await (await send("GET", "/instrument/lit")).json(), true);
  });

  await t.test("HEAD of a Thing Description is answered as GET is", async () => {
    const [head, get] = await Promise.all([
      send("HEAD", "/instrument/"),
      send("GET", "/instrument/"),
    ]);
    assert.equal(head.status, 200);
    assert.equal(await head.text(), "");
    for (const name of ["content-type", "content-length", "etag"]) {
      assert.equal(head.headers.get(name), get.headers.get(name), name);
      assert.ok(head.headers.has(name), name);
    }
  });

  await t.test("a value of the wrong type is refused, and the old one stays", async () => {
    const { status, headers } = await send("PUT", "/instrument/gain", "loud");
    assert.equal(status, 422);
    assert.match(headers.get("content-type") ?? "", /problem\+json/);
    assert.equal(await (await send("GET", "/instrument/gain")).json(), 3);
  });

  await t.test("/.well-known/wot has a Thing Description", async () => {
    for (const method of ["GET", "HEAD"]) {
      const { status, headers } = await send(method, "/.well-known/wot");
      assert.equal(status, 200, method);
      assert.match(headers.get("content-type") ?? "", /^application\/td\+json/);
    }
  });
});
