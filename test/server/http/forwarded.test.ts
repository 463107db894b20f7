import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  action,
  property,
  type ServerOptions,
  Thing,
  ThingError,
  ThingHost,
  ThingServer,
} from "thingscope";
import { TestCamera } from "thingscope/things";
import { Type } from "typebox";
import { AccessPolicy } from "../../../src/server/access/policy.ts";
import { clientAddressOf, originOf, prefixOf } from "../../../src/server/http/origin.ts";
import { TEST_MS } from "../../limits.ts";
import { folderFor } from "../../things/recorder-server.ts";
import { ask, serverFor } from "../requests.ts";

/** Where a request came from and went to, as a server sees it that believes these proxies. */
async function seenWith(t: TestContext, trustedProxies?: readonly string[]) {
  const policy = new AccessPolicy({
    allowedHosts: ["lab.example"],
    ...(trustedProxies && { trustedProxies }),
  });
  const { port } = await serverFor(t, (request, response) => {
    try {
      policy.check(request);
      response.end(`${clientAddressOf(request)} ${originOf(request)}${prefixOf(request)}`);
    } catch (error) {
      response.end(error instanceof ThingError ? error.code : String(error));
    }
  });
  const seen = async (headers: Record<string, string>, method = "GET") =>
    (await ask(port, { method, headers: { Host: "127.0.0.1:5000", ...headers } })).text;
  return seen;
}

test("loopback is believed how it was addressed, and not who sent it, unless it is a configured proxy", async (t) => {
  const said = {
    "X-Forwarded-For": "203.0.113.7",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "lab.example",
    "X-Forwarded-Prefix": "/scope/",
  };
  const unconfigured = await seenWith(t);
  assert.equal(await unconfigured(said), "127.0.0.1 https://lab.example/scope");
  const configured = await seenWith(t, ["127.0.0.1"]);
  assert.equal(await configured(said), "203.0.113.7 https://lab.example/scope");
  const nobody = await seenWith(t, []);
  assert.equal(await nobody(said), "127.0.0.1 http://127.0.0.1:5000");
  const another = await seenWith(t, ["10.0.0.0/8"]);
  assert.equal(await another(said), "127.0.0.1 http://127.0.0.1:5000");
});

test("a client is the nearest address that is not a proxy, whatever it says itself", async (t) => {
  const seen = await seenWith(t, ["127.0.0.0/8", "10.0.0.0/8", "fd00::/8"]);
  for (const [header, client] of [
    ["203.0.113.7", "203.0.113.7"],
    ["198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["198.51.100.1, 203.0.113.7, 10.1.2.3", "203.0.113.7"],
    ["10.9.9.9, 10.1.2.3", "10.9.9.9"],
    ["198.51.100.1, [fd00::1]:4711", "198.51.100.1"],
    ["203.0.113.7:5000", "203.0.113.7"],
    ["2001:db8::7", "2001:db8::7"],
    ["203.0.113.7, unknown", "127.0.0.1"],
    ["203.0.113.7, <script>", "127.0.0.1"],
  ] as const) {
    assert.equal((await seen({ "X-Forwarded-For": header })).split(" ")[0], client, header);
  }
  const forwarded = 'for=198.51.100.1, for="[2001:db8::7]:4711";proto=https;host="lab.example"';
  assert.equal(await seen({ Forwarded: forwarded }), "2001:db8::7 https://lab.example");
  const both = { Forwarded: "for=198.51.100.1", "X-Forwarded-For": "203.0.113.7" };
  assert.match(await seen(both), /^203\.0\.113\.7 /);
});

test("a host, port or prefix that is not one is not believed, nor is a foreign host let in", async (t) => {
  const seen = await seenWith(t);
  const addressed = async (headers: Record<string, string>) => (await seen(headers)).split(" ")[1];
  assert.equal(await seen({ "X-Forwarded-Host": "evil.example" }), "HOST_NOT_ALLOWED");
  const rebound = { Host: "evil.example", "X-Forwarded-Host": "localhost" };
  assert.equal(await seen(rebound), "HOST_NOT_ALLOWED");
  assert.equal(await addressed({ "X-Forwarded-Host": "a b/c" }), "http://127.0.0.1:5000");
  for (const bad of ["//evil.example", "scope", "/a/../b", "/a?b", "/<script>", "/a".repeat(200)]) {
    assert.equal(await addressed({ "X-Forwarded-Prefix": bad }), "http://127.0.0.1:5000", bad);
  }
  const twice = { "X-Forwarded-Prefix": "/lab, /scope" };
  assert.equal(await addressed(twice), "http://127.0.0.1:5000/lab/scope");
  const port = { Host: "lab.example", "X-Forwarded-Port": "8443", "X-Forwarded-Proto": "https" };
  assert.equal(await addressed(port), "https://lab.example:8443");
  assert.equal(
    await addressed({ ...port, "X-Forwarded-Port": "443" }),
    "https://lab.example",
    "the scheme's own port is left out, as browsers do",
  );
  for (const trustedProxies of [["proxy.lab"], ["10.0.0.0/33"], ["10.0.0.0/x"], ["10.0.0.1/8/8"]]) {
    assert.throws(() => new AccessPolicy({ trustedProxies }), { code: "BAD_CONFIG" });
  }
});

test("a page is of its own server where a proxy leaves out the port, and of no other host's", async (t) => {
  const seen = await seenWith(t);
  const put = (headers: Record<string, string>) => seen(headers, "PUT");
  const own = { Host: "127.0.0.1", Origin: "http://127.0.0.1:8080" };
  assert.match(await put(own), /^127/);
  assert.equal(await put({ ...own, Origin: "http://lab.example:8080" }), "CROSS_ORIGIN");
  assert.equal(await put({ ...own, "Sec-Fetch-Site": "same-site" }), "CROSS_ORIGIN");
  assert.equal(await put({ ...own, "X-Forwarded-Port": "9090" }), "CROSS_ORIGIN");
  assert.match(await put({ ...own, "X-Forwarded-Port": "8080" }), /^127/);
  assert.equal(await put({ ...own, Host: "127.0.0.1:5000" }), "CROSS_ORIGIN");
});

class Lamp extends Thing {
  @property("A number", Type.Number(), { observable: true }) accessor n = 1;
  @action("Blink") blink(): void {}
}

async function lampBehind(t: TestContext, options: ServerOptions = {}) {
  const settingsFolder = await folderFor(t);
  const host = new ThingHost({ settingsFolder });
  host.add("lamp", new Lamp());
  host.add("camera", new TestCamera());
  const server = new ThingServer(host, options);
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const behind = { Host: "lab.localhost", "X-Forwarded-Prefix": "/scope" };
  const through = (
    path: string,
    { method = "GET", body = "", ...headers }: Record<string, string> = {},
  ) => ask(port, { method, path, body, headers: { ...behind, ...headers } });
  return { server, through };
}

/** Every address in a JSON text that belongs to the server. */
function addressesIn(text: string): string[] {
  const found: string[] = [];
  JSON.parse(text, (key, value) => {
    const isAddress = typeof value === "string" && /^(\/|https?:|wss?:)/.test(value);
    if (isAddress && /^(base|href|action|next|@id|url)$/.test(key)) found.push(value);
    return value;
  });
  return found;
}

test("behind a proxy that takes a prefix off, everything that leads back has it", {
  timeout: TEST_MS,
}, async (t) => {
  for (const apiPrefix of ["", "/api/v3"]) {
    const { through } = await lampBehind(t, { apiPrefix });
    const path = (text: string) => apiPrefix + text;
    for (const page of [
      path("/lamp/"),
      path("/camera/"),
      path("/thing_descriptions/"),
      path("/directory/things?format=collection&limit=1"),
      "/.well-known/wot",
    ]) {
      const addresses = addressesIn((await through(page)).text);
      assert.ok(addresses.length > 0, page);
      for (const address of addresses) {
        assert.match(address, /^((http|ws):\/\/lab\.localhost)?\/scope\//, `${page}: ${address}`);
      }
    }
    for (const list of ["/things/", "/thing_models/"]) {
      const urls = Object.values<string>(JSON.parse((await through(path(list))).text));
      for (const url of urls) assert.ok(url.startsWith(`http://lab.localhost/scope${apiPrefix}/`));
    }
    const run = await through(path("/lamp/blink"), { method: "POST" });
    const root = `http://lab.localhost/scope${apiPrefix}`;
    assert.match(String(run.headers.location), new RegExp(`^${root}/action_invocations/`));
    for (const address of addressesIn(run.text)) assert.match(address, /^(http:..[^/]+)?\/scope\//);
    const { location } = (await through(path("/lamp?a=b"))).headers;
    assert.equal(location, `/scope${apiPrefix}/lamp/?a=b`);
    const { servers } = JSON.parse((await through("/openapi.json")).text);
    assert.deepEqual(servers, [{ url: "/scope/" }]);
    const links = (await through("/.well-known/core")).text;
    for (const [, href] of links.matchAll(/<([^>]*)>/g)) assert.match(href!, /^\/scope\//);
    const page = (await through(path("/"))).text;
    assert.deepEqual(page.match(/(href|src)="\/[^"]*"/g), null, "pages have relative links");
  }
});

test("behind a proxy that speaks https, cookies, login page and signed addresses have prefix and scheme", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, through } = await lampBehind(t, { login: {} });
  const https = { "X-Forwarded-Proto": "https" };
  const page = await through("/", { ...https, Accept: "text/html", "User-Agent": "Mozilla/5.0" });
  assert.equal(page.status, 401);
  assert.match(page.text, /data-login="\/scope\/login"/);
  assert.match((await through("/", https)).text, /Log in first: open \/scope\/login in a browser/);
  const entered = await through("/login", {
    ...https,
    method: "POST",
    "Content-Type": "application/json",
    body: JSON.stringify({ code: server.newLoginCode() }),
  });
  const cookie = String(entered.headers["set-cookie"]);
  assert.match(cookie, /; Path=\/scope\/; /);
  assert.match(cookie, /; Secure$/);
  const signed = await through("/signed_urls", {
    ...https,
    method: "POST",
    "Content-Type": "application/json",
    Cookie: cookie.split(";")[0]!,
    body: JSON.stringify({ path: "/scope/camera/mjpeg_stream/snapshot", seconds: 60 }),
  });
  const { url } = JSON.parse(signed.text);
  assert.match(url, /^https:\/\/lab\.localhost\/scope\/camera\/mjpeg_stream\/snapshot\?/);
  const picture = await through(url.slice("https://lab.localhost/scope".length));
  assert.equal(picture.headers["content-type"], "image/jpeg");
});
