import assert from "node:assert/strict";
import { test } from "node:test";
import { endSessions, revokeToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";
import { bearer, becomes, type Secured, secured } from "../secured.ts";

const timeout = TEST_MS;

async function sign({ port, tokens }: Secured, body: Record<string, unknown>, token = tokens.view) {
  const headers = { "Content-Type": "application/json", ...bearer(token) };
  const path = "/signed_urls";
  const answer = await ask(port, { method: "POST", path, headers, body: JSON.stringify(body) });
  return { ...answer, json: JSON.parse(answer.text) };
}

/** A path and query of an address. */
function pathOf(url: string): string {
  const { pathname, search } = new URL(url);
  return pathname + search;
}

test("a signed address shows a stream's pictures to anybody, on any page, until it expires", {
  timeout,
}, async (t) => {
  const lab = await secured(t);
  const { port, url, camera, time } = lab;
  const picture = await jpegOf(64, 48);
  for (const path of ["/camera/live", "/camera/live/snapshot", "/camera/live/frames/0"]) {
    const { status, json } = await sign(lab, { path, seconds: 600 });
    camera.live.addFrame(picture); // a snapshot is under a second old
    assert.equal(status, 201);
    assert.ok(json.url.startsWith(`${url}${path}?expires=`));
    const left = Date.parse(json.expires) - (Date.now() + time.passed);
    assert.ok(left > 590_000 && left <= 600_000);
    const answer = await fetch(`${json.url}&width=32`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("cross-origin-resource-policy"), "cross-origin");
    await answer.body?.cancel();
    time.passed += 601_000;
    const late = await ask(port, { path: pathOf(json.url) });
    assert.equal(late.status, 401);
    assert.equal(JSON.parse(late.text).code, "BAD_CREDENTIALS");
  }
});

test("a signed address is good for its path and for looking, and nothing else", {
  timeout,
}, async (t) => {
  const lab = await secured(t);
  const { port, tokens, camera } = lab;
  camera.live.addFrame(await jpegOf(64, 48));
  const { json } = await sign(lab, { path: "/camera/live/snapshot", seconds: 600 }, tokens.admin);
  const signed = pathOf(json.url);
  const query = signed.slice(signed.indexOf("?"));
  assert.equal((await ask(port, { path: signed })).status, 200);
  assert.equal((await ask(port, { path: signed, method: "HEAD" })).status, 200);
  const expires = /expires=(\d+)/.exec(query)![1]!;
  for (const [method, path] of [
    ["GET", `/camera/live${query}`],
    ["GET", `/camera/live/next${query}`],
    ["GET", `/camera/gain${query}`],
    ["GET", `/${query}`],
    ["GET", `/health${query}`],
    ["PUT", `/camera/gain${query}`],
    ["POST", `/camera/shoot${query}`],
    ["POST", `/signed_urls${query}`],
    ["DELETE", signed],
    ["GET", signed.replace(expires, String(Number(expires) + 1))],
    ["GET", signed.replace(expires, `${expires}.0`)],
    ["GET", signed.replace(/by=[^&]*/, "by=owner")],
    ["GET", signed.slice(0, -1)],
    ["GET", signed.replace(/&signature=.*/, "&signature=")],
    ["GET", `/camera/live/snapshot${query}`.replace("/live/", "/live//")],
    ["GET", `/camera/live/snapshot/${query}`],
  ] as const) {
    const headers = { "Content-Type": "application/json" };
    const answer = await ask(port, {
      method,
      path,
      headers,
      body: method === "PUT" || method === "POST" ? "1" : "",
    });
    assert.equal(answer.status, 401, `${method} ${path}`);
  }
  assert.equal(camera.touched, 0);
});

test("only paths of pictures are signed, for thirty days at most and no longer than the token", {
  timeout,
}, async (t) => {
  const lab = await secured(t);
  for (const [body, status] of [
    [{ path: "/camera/gain" }, 400],
    [{ path: "/camera/live/viewer" }, 400],
    [{ path: "/camera/live/sizes" }, 400],
    [{ path: "/camera/live?fps=5" }, 400],
    [{ path: "http://evil.example/camera/live" }, 400],
    [{ path: "//evil.example/camera/live" }, 400],
    [{ path: "/camera/live/../../camera/gain" }, 400],
    [{ path: "/camera/live/frames/.." }, 400],
    [{ path: "/camera/live\n" }, 400],
    [{ path: "/nowhere" }, 400],
    [{}, 422],
    [{ path: "/camera/live", seconds: 0 }, 422],
    [{ path: "/camera/live", seconds: 31 * 24 * 3600 }, 422],
    [{ path: "/camera/live", seconds: 30 * 24 * 3600 }, 201],
    [{ path: "/camera/live" }, 201],
  ] as const) {
    assert.equal((await sign(lab, body)).status, status, JSON.stringify(body));
  }
  lab.time.passed = 89 * 24 * 3600_000;
  const { status, json } = await sign(lab, { path: "/camera/live", seconds: 2 * 24 * 3600 });
  assert.equal(status, 400);
  assert.match(json.detail, /the limit is/);
});

test("a signed address ends with whoever signed it, with all sessions, and what it shows with it", {
  timeout,
}, async (t) => {
  const lab = await secured(t);
  const { folder, port, tokens, time } = lab;
  const sole = { path: "/camera/live", seconds: 600 };
  const byView = (await sign(lab, sole)).json.url;
  const byAdmin = (await sign(lab, sole, tokens.admin)).json.url;
  const byOperate = (await sign(lab, sole, tokens.operate)).json.url;
  const [watched, watchedToo] = [await fetch(byView), await fetch(byOperate)];
  await revokeToken(new AccountsFile(folder), "view");
  await becomes(401, () => ask(port, { method: "HEAD", path: pathOf(byView) }));
  await watched.arrayBuffer(); // its end
  assert.equal((await ask(port, { method: "HEAD", path: pathOf(byAdmin) })).status, 200);
  time.passed += 601_000;
  await watchedToo.arrayBuffer(); // it expires while it is watched
  time.passed -= 601_000;
  await endSessions(new AccountsFile(folder));
  await becomes(401, () => ask(port, { method: "HEAD", path: pathOf(byAdmin) }));
});
