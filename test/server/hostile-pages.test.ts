import assert from "node:assert/strict";
import { test } from "node:test";
import { ignoreAbort } from "../../src/base/abort.ts";
import { TEST_MS } from "../limits.ts";
import { laboratory } from "./cameras.ts";
import { type Answer, ask } from "./requests.ts";

const UNSAFE = ["POST", "PUT", "DELETE", "PATCH"];

/** The path of a route, with something in place of each parameter. */
function pathOf(path: string): string {
  return path.replaceAll(/:\w+/g, "x");
}

test("no page of another site changes anything by any route, method and content type", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port, camera } = await laboratory(t);
  const types = [
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/json",
    undefined,
  ];
  const hostile: Record<string, string>[] = [
    { Origin: "http://evil.example" },
    { Origin: "null" },
    { Origin: `http://127.0.0.1:${port + 1}` },
    { "Sec-Fetch-Site": "cross-site" },
    { Host: `evil.example:${port}`, Origin: `http://evil.example:${port}` },
  ];
  const paths = new Set(server.routes.map(({ path }) => pathOf(path)));
  assert.ok(paths.size > 15, [...paths].join(" "));
  for (const path of [...paths, "/", "/nowhere", "/camera/gain/"]) {
    for (const method of UNSAFE) {
      for (const headers of hostile) {
        for (const type of types) {
          const answer = await ask(port, {
            method,
            path,
            headers: { ...headers, ...(type !== undefined && { "Content-Type": type }) },
            body: type === undefined ? "" : "{}",
          });
          const expected = headers.Host ? 421 : 403;
          const what = `${method} ${path} as ${type} with ${JSON.stringify(headers)}`;
          assert.equal(answer.status, expected, what);
          assertGuarded(answer, what);
        }
      }
    }
  }
  assert.equal(camera.touched, 0);
});

test("a program changes things by every route that does, and GET changes none", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port, url, camera } = await laboratory(t);
  const reads = server.routes.filter(({ method }) => method === "GET");
  for (const { path } of reads) {
    const answer = await ask(port, { method: "HEAD", path: pathOf(path) });
    assertGuarded(answer, path);
  }
  // Some wait for a frame or an event that never comes.
  const signal = AbortSignal.timeout(500);
  const gets = reads.map(({ path }) => fetch(url + pathOf(path), { signal }).catch(ignoreAbort));
  await Promise.all(gets);
  assert.equal(camera.touched, 0);
  const json = { "Content-Type": "application/json" };
  await ask(port, { method: "PUT", path: "/camera/gain", headers: json, body: "2" });
  await ask(port, { method: "POST", path: "/camera/shoot", headers: json, body: "{}" });
  await ask(port, { method: "DELETE", path: "/camera/capture/x" });
  assert.equal(camera.touched, 3);
});

test("what no client should send is answered as a problem", { timeout: TEST_MS }, async (t) => {
  const { port } = await laboratory(t);
  for (const [method, path, status] of [
    ["DELETE", "/camera/capture/%", 400],
    ["GET", "/action_invocations/%ff", 400],
    ["GET", "//", 404],
    ["TRACE", "/camera/exposure", 403],
    ["GET", "/camera/ws", 426],
  ] as const) {
    const headers: Record<string, string> = method === "TRACE" ? { Origin: "null" } : {};
    const answer = await ask(port, { method, path, headers });
    assert.equal(answer.status, status, path);
    assert.equal(answer.headers["content-type"], "application/problem+json");
    assert.equal(JSON.parse(answer.text).status, status);
    assertGuarded(answer, path);
  }
});

test("every route says who may use it, and what changes something is not for viewers", async (t) => {
  const { server } = await laboratory(t);
  for (const { method, path, role } of server.routes) {
    assert.ok(["none", "view", "operate", "admin"].includes(role), path);
    if (role === "none") assert.ok(["/health", "/login/who"].includes(path), path);
    const starts = path.endsWith("/retry"); // a source, as looking does
    if (method !== "GET" && !starts) assert.notEqual(role, "view", `${method} ${path}`);
  }
});

test("pictures leave for pages of other origins where the configuration embeds them, nothing else does", {
  timeout: TEST_MS,
}, async (t) => {
  for (const embed of [[], ["camera"]]) {
    const { url } = await laboratory(t, { embed });
    const picture = await fetch(`${url}/camera/live`);
    const policy = embed.length > 0 ? "cross-origin" : "same-origin";
    assert.equal(picture.headers.get("cross-origin-resource-policy"), policy);
    await picture.body?.cancel();
    const value = await fetch(`${url}/camera/exposure`);
    assert.equal(value.headers.get("cross-origin-resource-policy"), "same-origin");
  }
});

test("a page of a configured origin operates the server after its browser has asked", {
  timeout: TEST_MS,
}, async (t) => {
  const Origin = "http://dashboard.lab:3000";
  const { port } = await laboratory(t, { allowedOrigins: [Origin] });
  const asked = await ask(port, {
    method: "OPTIONS",
    path: "/camera/exposure",
    headers: {
      Origin,
      "Access-Control-Request-Method": "PUT",
      "Access-Control-Request-Headers": "content-type",
    },
  });
  assert.equal(asked.status, 204);
  assert.match(String(asked.headers["access-control-allow-methods"]), /\bPUT\b/);
  const headers = { Origin, "Sec-Fetch-Site": "cross-site", "Content-Type": "application/json" };
  const put = await ask(port, { method: "PUT", path: "/camera/exposure", headers, body: "5" });
  assert.equal(put.status, 204);
  assert.equal(put.headers["access-control-allow-origin"], Origin);
});

test("bare scalars of OpenFlexure's page are taken, and validated", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, camera } = await laboratory(t);
  const put = (body: string) =>
    ask(port, {
      method: "PUT",
      path: "/camera/exposure",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
    });
  assert.equal((await put("33")).status, 204);
  assert.equal(camera.exposure, 33);
  assert.equal((await put("long")).status, 422);
  assert.equal((await put("{}")).status, 415);
});

test("without login the server refuses to listen off loopback", { timeout: TEST_MS }, async (t) => {
  const { server } = await laboratory(t);
  await assert.rejects(server.listen({ host: "0.0.0.0", port: 0 }), {
    code: "BAD_ARGUMENT",
    message: /--insecure-no-auth/,
  });
});

function assertGuarded({ headers }: Answer, what: string): void {
  assert.match(String(headers["content-security-policy"]), /default-src 'self'/, what);
  assert.equal(headers["x-content-type-options"], "nosniff", what);
  assert.equal(headers["referrer-policy"], "no-referrer", what);
  const isForAll = what.endsWith("/elements.js"); // what any page may run, and nothing of the server
  const policy = isForAll ? "cross-origin" : "same-origin";
  assert.equal(headers["cross-origin-resource-policy"], policy, what);
  assert.equal(headers["access-control-allow-origin"], undefined, what);
}
