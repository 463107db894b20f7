import assert from "node:assert/strict";
import { test } from "node:test";
import { limitHits } from "../../../src/base/limit-hits.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";
import { bearer, becomes, logIn, secured } from "../secured.ts";

const timeout = TEST_MS;

function newLink(port: number, token: string, body: string, headers: Record<string, string> = {}) {
  return ask(port, {
    method: "POST",
    path: "/login/links",
    headers: { ...bearer(token), "Content-Type": "application/json", ...headers },
    body,
  });
}

test("an admin makes a link for each role, which logs one browser in with that role, once", {
  timeout,
}, async (t) => {
  const { port, tokens, time } = await secured(t);
  for (const [role, name, mayWrite] of [
    ["view", "guest", 403],
    ["operate", "guest", 204],
    ["admin", "owner", 204],
  ] as const) {
    const made = await newLink(port, tokens.admin, JSON.stringify({ role }));
    assert.equal(made.status, 201);
    const { links, local } = JSON.parse(made.text);
    assert.equal(local, true);
    assert.match(links[0].qr, /^<svg/);
    const code = new URL(links[0].url).hash.replace("#code=", "");
    const { cookie, answer } = await logIn(port, { code });
    assert.deepEqual(JSON.parse(answer.text), { name, role });
    const headers = { Cookie: cookie, "Content-Type": "application/json" };
    const put = await ask(port, { method: "PUT", path: "/camera/gain", headers, body: "2" });
    assert.equal(put.status, mayWrite, role);
    assert.equal((await logIn(port, { code })).answer.status, 401);
  }
  const late = await newLink(port, tokens.admin, '{"role": "view"}');
  time.passed += 10 * 60_000 + 1;
  const code = new URL(JSON.parse(late.text).links[0].url).hash.replace("#code=", "");
  assert.equal((await logIn(port, { code })).answer.status, 401);
});

test("of ten thousand links the last ten log in, and whoever has another is told how to get one", {
  timeout,
}, async (t) => {
  const { server, port } = await secured(t);
  const before = limitHits().get("login_codes")!;
  const codes = Array.from({ length: 10_000 }, () => server.newLoginCode()!);
  assert.equal(limitHits().get("login_codes")! - before, 9990);
  for (const code of codes.slice(-10))
    assert.equal((await logIn(port, { code })).answer.status, 200);
  const { answer } = await logIn(port, { code: codes.at(-11)! });
  assert.equal(answer.status, 401);
  assert.match(answer.text, /gave way to ten newer ones. Have an admin show a new link/);
});

test("nobody but an admin makes a link or sees who is logged in, and no page of another site", {
  timeout,
}, async (t) => {
  const { port, tokens } = await secured(t);
  for (const role of ["push", "view", "operate"] as const) {
    assert.equal((await newLink(port, tokens[role], '{"role": "view"}')).status, 403, role);
    for (const path of ["/login/sessions", "/login/tokens"])
      assert.equal((await ask(port, { path, headers: bearer(tokens[role]) })).status, 403, path);
  }
  const foreign = { Origin: "http://elsewhere.example" };
  assert.equal((await newLink(port, tokens.admin, '{"role": "view"}', foreign)).status, 403);
  const asText = { "Content-Type": "text/plain" };
  assert.equal((await newLink(port, tokens.admin, '{"role": "view"}', asText)).status, 415);
  for (const body of ['{"role": "push"}', "{}", '{"role": "view", "days": 3}', "[]"])
    assert.equal((await newLink(port, tokens.admin, body)).status, 422, body);
});

test("a link behind a proxy is at the proxy's address", { timeout }, async (t) => {
  const { port, tokens } = await secured(t, { allowedHosts: ["lab.example"] });
  const made = await newLink(port, tokens.admin, '{"role": "view"}', {
    "X-Forwarded-Host": "lab.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Prefix": "/scope",
  });
  const { links, local } = JSON.parse(made.text);
  assert.equal(local, false);
  assert.match(links[0].url, /^https:\/\/lab\.example\/scope\/login#code=[\w-]{32}$/);
});

test("an admin sees the browsers that are logged in and the tokens, and logs a browser out", {
  timeout,
}, async (t) => {
  const { port, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  const { cookie: own } = await logIn(port, { token: tokens.admin });
  const seen = await ask(port, { path: "/login/sessions", headers: { Cookie: own } });
  const sessions: { id: string; name: string; role: string; current: boolean }[] = JSON.parse(
    seen.text,
  );
  const shown = sessions.map(({ name, role, current }) => ({ name, role, current }));
  assert.deepEqual(
    shown.sort((a, b) => (a.name < b.name ? -1 : 1)),
    [
      { name: "admin", role: "admin", current: true },
      { name: "view", role: "view", current: false },
    ],
  );
  const path = `/login/sessions/${sessions.find(({ name }) => name === "view")!.id}`;
  const headers = { Cookie: own };
  assert.equal((await ask(port, { method: "DELETE", path, headers })).status, 204);
  await becomes(401, () => ask(port, { path: "/camera/gain", headers: { Cookie: cookie } }));
  assert.equal((await ask(port, { method: "DELETE", path, headers })).status, 404);
  const listed = await ask(port, { path: "/login/tokens", headers });
  assert.deepEqual(
    JSON.parse(listed.text).map(({ name }: { name: string }) => name),
    ["view", "operate", "admin", "push"],
  );
  for (const secret of Object.values(tokens)) assert.ok(!listed.text.includes(secret));
});
