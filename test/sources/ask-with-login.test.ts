import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { mayLogIn } from "../../src/sources/ask-with-login.ts";
import { httpFetch } from "../../src/sources/http-fetch.ts";
import { TEST_MS } from "../limits.ts";

test("a login goes to its own origin and to https on its own host, and nowhere else", () => {
  const may = (from: string, to: string) => mayLogIn(new URL(from), new URL(to));
  assert.ok(may("http://cam/a", "http://cam/b"));
  assert.ok(may("http://cam/a", "https://cam/a"));
  assert.ok(may("https://cam:8443/a", "https://cam:8443/b"));
  for (const [from, to] of [
    ["http://cam/", "http://other/"],
    ["http://cam/", "https://other/"],
    ["http://cam/", "http://cam:81/"],
    ["http://cam/", "https://cam:8443/"],
    ["http://cam:8080/", "https://cam/"],
    ["https://cam/", "http://cam/"],
    ["http://cam/", "https://cam.evil.example/"],
  ] as const)
    assert.ok(!may(from, to), `${from} ${to}`);
});

test("a redirect to another port of the host is followed without login and token", {
  timeout: TEST_MS,
}, async (t) => {
  const seen: (string | undefined)[] = [];
  const other = createServer(({ headers }, response) => {
    seen.push(headers.authorization);
    response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const { port } = other.address() as AddressInfo;
  const first = createServer(({ headers }, response) => {
    if (!headers.authorization) response.writeHead(401, { "WWW-Authenticate": "Basic" }).end();
    else response.writeHead(302, { Location: `http://127.0.0.1:${port}/` }).end();
  }).listen(0, "127.0.0.1");
  await once(first, "listening");
  t.after(() => {
    for (const server of [first, other]) {
      server.close();
      server.closeAllConnections();
    }
  });
  const url = new URL(`http://127.0.0.1:${(first.address() as AddressInfo).port}/`);
  const login = { username: "ann", password: "secret" };
  assert.equal((await httpFetch({ login, loginAt: url })(url)).status, 401);
  const headers = { Authorization: "Bearer token" };
  assert.equal((await httpFetch()(url, { headers })).status, 401);
  assert.deepEqual(seen, [undefined, undefined]);
});
