import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { revokeToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";
import { becomes, logIn, secured } from "../secured.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const timeout = TEST_MS;

const readWith = (port: number, cookie: string) =>
  ask(port, { path: "/camera/gain", headers: { Cookie: cookie } });

test("the code that the server gave logs one browser in, once, within ten minutes", {
  timeout,
}, async (t) => {
  const { server, port, time } = await secured(t);
  const code = server.newLoginCode()!;
  assert.match(code, /^[\w-]{32}$/);
  const { answer, cookie } = await logIn(port, { code });
  assert.deepEqual(JSON.parse(answer.text), { name: "owner", role: "admin" });
  assert.equal((await readWith(port, cookie)).status, 200);
  const again = await logIn(port, { code });
  assert.equal(again.answer.status, 401);
  assert.equal(again.cookie, "");
  const late = server.newLoginCode()!;
  time.passed += 10 * MINUTE_MS + 1;
  assert.equal((await logIn(port, { code: late })).answer.status, 401);
});

test("the cookie is for this port, this site and no script, and lasts thirty days of idleness", {
  timeout,
}, async (t) => {
  const { port, tokens, time } = await secured(t);
  const { answer, cookie } = await logIn(port, { token: tokens.operate });
  assert.match(
    String(answer.headers["set-cookie"]),
    new RegExp(
      `^thingscope-${port}=[\\w-]{32}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict$`,
    ),
  );
  time.passed = 29 * DAY_MS;
  const renewed = await readWith(port, cookie);
  assert.equal(renewed.status, 200);
  assert.ok(String(renewed.headers["set-cookie"]).startsWith(`${cookie};`));
  time.passed = 58 * DAY_MS;
  assert.equal((await readWith(port, cookie)).status, 200);
  time.passed = 88.5 * DAY_MS;
  assert.equal((await readWith(port, cookie)).status, 401);
});

test("the session's cookie is found among others, however they are put together", {
  timeout,
}, async (t) => {
  const { port, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.operate });
  for (const sent of [
    `a=1;${cookie}`,
    `${cookie};b=2`,
    `a="x" ;\t${cookie} ; b`,
    `=; ;;${cookie};`,
  ])
    assert.equal((await readWith(port, sent)).status, 200, sent);
  for (const sent of [`a=${cookie}`, `a="1; ${cookie}x"`, `x${cookie}`, `${cookie}=`])
    assert.equal((await readWith(port, sent)).status, 401, sent);
});

test("a session has the role of its token, and ends with it", { timeout }, async (t) => {
  const { port, folder, tokens } = await secured(t);
  const { cookie, answer } = await logIn(port, { token: tokens.view });
  assert.equal(JSON.parse(answer.text).role, "view");
  const who = await ask(port, { path: "/login/who", headers: { Cookie: cookie } });
  assert.deepEqual(JSON.parse(who.text), { name: "view", role: "view", login: true });
  const headers = { Cookie: cookie, "Content-Type": "application/json" };
  const put = await ask(port, { method: "PUT", path: "/camera/gain", headers, body: "2" });
  assert.equal(put.status, 403);
  await revokeToken(new AccountsFile(folder), "view");
  await becomes(401, () => readWith(port, cookie));
});

test("logging out ends the session, and what it watches", { timeout }, async (t) => {
  const { url, port, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  const stream = await fetch(`${url}/camera/live`, { headers: { Cookie: cookie } });
  const out = await ask(port, { method: "POST", path: "/logout", headers: { Cookie: cookie } });
  assert.equal(out.status, 204);
  assert.match(String(out.headers["set-cookie"]), /^thingscope-\d+=; Path=\/; Max-Age=0;/);
  assert.equal((await readWith(port, cookie)).status, 401);
  await stream.arrayBuffer(); // its end
});

test("logging in again ends the session from before", { timeout }, async (t) => {
  const { port, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  const answer = await ask(port, {
    method: "POST",
    path: "/login",
    headers: { Cookie: cookie, "Content-Type": "application/json" },
    body: JSON.stringify({ token: tokens.admin }),
  });
  assert.equal(answer.status, 200);
  assert.equal((await readWith(port, cookie)).status, 401);
});

test("a session outlives a restart of the server", { timeout }, async (t) => {
  const { server, port, folder, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  await server.close();
  const next = new ThingServer(new ThingHost({ settingsFolder: folder }), { login: { folder } });
  t.after(() => next.close());
  await next.listen({ port });
  const who = await ask(port, { path: "/login/who", headers: { Cookie: cookie } });
  assert.equal(JSON.parse(who.text).role, "view");
});

test("no page of another site logs a browser in or out, and none that is no JSON", {
  timeout,
}, async (t) => {
  const { port, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  const post = (path: string, headers: Record<string, string>) =>
    ask(port, { method: "POST", path, headers, body: JSON.stringify({ token: tokens.view }) });
  const json = { "Content-Type": "application/json" };
  for (const hostile of [
    { Origin: "http://evil.example" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "cross-site" },
  ]) {
    const headers = { ...json, ...hostile } as Record<string, string>;
    assert.equal((await post("/login", headers)).status, 403);
    assert.equal((await post("/logout", { ...headers, Cookie: cookie })).status, 403);
  }
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  assert.equal((await post("/login", form)).status, 415);
  assert.equal((await readWith(port, cookie)).status, 200);
});

test("what is no way to log in is named", { timeout }, async (t) => {
  const { port, tokens } = await secured(t);
  for (const [body, status] of [
    ["{}", 400],
    [JSON.stringify({ token: tokens.view, code: "x" }), 400],
    ['{"user": "ana"}', 400],
    ['{"token": 5}', 422],
    ['{"tokens": "x"}', 422],
    ["5", 422],
    ["{", 422],
  ] as const) {
    const headers = { "Content-Type": "application/json" };
    const answer = await ask(port, { method: "POST", path: "/login", headers, body });
    assert.equal(answer.status, status, body);
    assert.equal(answer.headers["set-cookie"], undefined);
  }
});

test("a person's browser is shown the login page wherever it goes, and asked for nothing else", {
  timeout,
}, async (t) => {
  const { port } = await secured(t);
  const browser = { "User-Agent": "Mozilla/5.0 (X11) Chrome/140", Accept: "text/html,*/*" };
  for (const path of ["/", "/camera/live/viewer", "/nowhere"]) {
    const answer = await ask(port, { path, headers: browser });
    assert.equal(answer.status, 401);
    assert.match(String(answer.headers["www-authenticate"]), /^Bearer /); // Basic would open a window
    assert.match(answer.text, /<title>Log in<\/title>/);
    assert.doesNotMatch(answer.text, /\bcamera\b/);
  }
  const script = { ...browser, Accept: "*/*" };
  const answer = await ask(port, { path: "/camera/gain", headers: script });
  assert.equal(answer.headers["content-type"], "application/problem+json");
});
