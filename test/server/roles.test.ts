import assert from "node:assert/strict";
import { test } from "node:test";
import WebSocket from "ws";
import type { Route } from "../../src/server/http/route.ts";
import { TEST_MS } from "../limits.ts";
import { type Answer, ask } from "./requests.ts";
import { basic, bearer, logIn, PASSWORD, ROLES, type Secured, secured } from "./secured.ts";

type Headers = Record<string, string>;

/** How somebody of a role shows who it is, by each way that there is. */
const WAYS: Record<string, (lab: Secured, role: (typeof ROLES)[number]) => Promise<Headers>> = {
  "a bearer token": async ({ tokens }, role) => bearer(tokens[role]),
  "a token as a password": async ({ tokens }, role) => basic("anybody", tokens[role]),
  "a password": async (_, role) => basic(`${role}er`, PASSWORD),
  "a cookie": async ({ port, tokens }, role) => {
    return { Cookie: (await logIn(port, { token: tokens[role] })).cookie };
  },
};

/** Asks what a route may be asked for, so that nothing waits and nothing is run for long. */
function askRoute(port: number, { method, path }: Route, headers: Headers): Promise<Answer> {
  return ask(port, {
    method: method === "GET" ? "HEAD" : method,
    path: path.replaceAll(/:\w+/g, "x"),
    headers: { "Content-Type": "application/json", ...headers },
    body: method === "PUT" || method === "POST" ? "{}" : "",
  });
}

const isAllowed = ({ status }: Answer) => status !== 401 && status !== 403;

test("every route x every role x every way to log in: each may do what its role may, and no more", {
  timeout: TEST_MS,
}, async (t) => {
  const lab = await secured(t, { users: true, webhooks: { allowedHosts: ["127.0.0.1"] } });
  const order = ["none", ...ROLES];
  for (const route of lab.server.routes) {
    assert.ok(order.includes(route.role), `${route.path} has the role ${route.role}`);
    for (const role of ROLES) {
      for (const [way, headersOf] of Object.entries(WAYS)) {
        const what = `${route.method} ${route.path} as ${role} by ${way}`;
        const answer = await askRoute(lab.port, route, await headersOf(lab, role));
        const isLogin = route.path === "/login" && route.method === "POST";
        const expected = isLogin || order.indexOf(role) >= order.indexOf(route.role);
        assert.equal(isAllowed(answer), expected, `${what}: ${answer.status}`);
        if (!expected) assert.equal(answer.status, 403, what);
      }
    }
  }
});

test("a token that may send pictures may do nothing else", { timeout: TEST_MS }, async (t) => {
  const { server, port, tokens } = await secured(t);
  for (const route of server.routes) {
    const answer = await askRoute(port, route, bearer(tokens.push));
    const isOpen = route.role === "none";
    assert.equal(isAllowed(answer) || route.path === "/login", isOpen, `${route.path}`);
  }
  for (const path of ["/nowhere", "/camera/nothing"])
    assert.equal((await ask(port, { path, headers: bearer(tokens.push) })).status, 403, path);
  const health = await ask(port, { path: "/health", headers: bearer(tokens.push) });
  assert.deepEqual(Object.keys(JSON.parse(health.text)), ["status"]);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/camera/ws`, {
    headers: bearer(tokens.push),
  });
  const status = await new Promise((resolve) =>
    socket.on("unexpected-response", (_, response) => {
      resolve(response.statusCode);
      socket.on("error", () => {}).terminate();
    }),
  );
  assert.equal(status, 403);
});

test("whoever has not logged in is told so on every route, before anything else is said", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port, camera } = await secured(t, {
    webhooks: { allowedHosts: ["127.0.0.1"] },
  });
  const open = new Set<string>();
  for (const route of server.routes) {
    const answer = await askRoute(port, route, {});
    if (route.role === "none") open.add(`${route.method} ${route.path}`);
    else assertRefused(answer, `${route.method} ${route.path}`);
  }
  assert.deepEqual(
    [...open].sort(),
    [
      "GET /health",
      "GET /login",
      "GET /login/login.css",
      "GET /login/login.js",
      "GET /login/page.css",
      "GET /login/viewer-icon.svg",
      "GET /login/who",
      "POST /login",
    ],
    "Only these are for everybody: is a new one meant to be?",
  );
  for (const [method, path, body, type] of [
    ["GET", "/nowhere", "", ""],
    ["GET", "/camera", "", ""], // would be redirected
    ["GET", "/camera/%", "", ""], // would be refused
    ["PATCH", "/camera/gain", "", ""], // would not be allowed
    ["DELETE", "/login", "", ""],
    ["POST", "/camera/shoot", "a", "text/plain"], // would be the wrong type
    ["POST", "/camera/shoot", "{", "application/json"], // would be no JSON
    ["OPTIONS", "/camera/gain", "", ""],
    ["GET", "//", "", ""],
    ["GET", "/login/../camera/gain", "", ""],
    ["GET", "/health/", "", ""],
    ["GET", "/LOGIN", "", ""],
    ["GET", "/camera/live?role=admin&signature=", "", ""],
  ] as const) {
    const headers: Headers = type ? { "Content-Type": type } : {};
    assertRefused(await ask(port, { method, path, headers, body }), `${method} ${path}`);
  }
  assert.equal(camera.touched, 0);
});

test("a page of a configured origin asks its browser first, and then shows a token", {
  timeout: TEST_MS,
}, async (t) => {
  const Origin = "http://dashboard.lab:3000";
  const { port, tokens } = await secured(t, { allowedOrigins: [Origin] });
  const asked = { Origin, "Access-Control-Request-Method": "PUT" };
  const preflight = await ask(port, { method: "OPTIONS", path: "/nowhere", headers: asked });
  assert.equal(preflight.status, 204);
  const other = { ...asked, Origin: "http://evil.example" };
  assert.equal((await ask(port, { method: "OPTIONS", path: "/", headers: other })).status, 401);
  const answer = await ask(port, {
    path: "/camera/gain",
    headers: { Origin, ...bearer(tokens.view) },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["access-control-allow-origin"], Origin);
  assert.equal(answer.headers["access-control-allow-credentials"], undefined);
});

test("a WebSocket is for those who have logged in", { timeout: TEST_MS }, async (t) => {
  const { port, tokens } = await secured(t);
  const open = (headers: Headers) =>
    new Promise<string>((resolve) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/camera/ws`, { headers });
      socket.on("open", () => {
        resolve("open");
        socket.close();
      });
      socket.on("unexpected-response", (_, { statusCode, headers }) => {
        resolve(`${statusCode} ${headers["www-authenticate"]?.split(" ")[0]}`);
        socket.terminate();
      });
      socket.on("error", () => {});
    });
  const { cookie } = await logIn(port, { token: tokens.view });
  assert.equal(await open({}), "401 Basic");
  assert.equal(await open({ Cookie: `${cookie}x` }), "401 Basic");
  assert.equal(await open(bearer("ts_wrong")), "401 Basic");
  assert.equal(await open(bearer(tokens.view)), "open");
  assert.equal(await open(basic("x", tokens.view)), "open");
  assert.equal(await open({ Cookie: cookie }), "open");
  assert.equal(await open({ Cookie: cookie, Origin: "http://evil.example" }), "403 undefined");
});

test("health says to strangers whether all is well, and no more", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tokens } = await secured(t);
  const stranger = await ask(port, { path: "/health" });
  assert.deepEqual(JSON.parse(stranger.text), { status: "degraded" });
  const known = await ask(port, { path: "/health", headers: bearer(tokens.view) });
  assert.match(JSON.parse(known.text).reasons[0], /stage/);
});

test("what a proxy says of an address or a user lets nobody in", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await secured(t);
  for (const headers of [
    { "X-Forwarded-For": "127.0.0.1" },
    { "X-Forwarded-User": "admin" },
    { "X-Real-IP": "127.0.0.1", "X-Forwarded-Proto": "https" },
    { "Remote-User": "admin" },
    { Forwarded: "for=127.0.0.1;host=localhost" },
  ]) {
    const answer = await ask(port, { path: "/camera/gain", headers: headers as Headers });
    assertRefused(answer, JSON.stringify(headers));
  }
});

function assertRefused({ status, headers, text }: Answer, what: string): void {
  assert.equal(status, 401, what);
  assert.equal(headers["www-authenticate"], 'Basic realm="thingscope", charset="UTF-8"', what);
  assert.equal(headers["content-type"], "application/problem+json", what);
  if (text) assert.match(JSON.parse(text).code, /^(LOGIN_REQUIRED|BAD_CREDENTIALS)$/, what);
}
