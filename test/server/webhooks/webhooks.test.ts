import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { CallbackPolicy } from "../../../src/server/webhooks/callback.ts";
import { litRoom } from "../../conformance/lamp.ts";
import { assertProblem, ProfileConsumer, send } from "../../conformance/profile-consumer.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";

const options = { timeout: TEST_MS };

interface Call {
  readonly request: IncomingMessage;
  readonly body: string;
}

/** A program that is called. */
async function listener(t: TestContext, status = 200) {
  const calls: Call[] = [];
  const server: Server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request.setEncoding("utf8")) body += chunk;
    calls.push({ request, body });
    response.writeHead(status, { Location: "http://127.0.0.1:1/" }).end();
    server.emit("call");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}/heard?as=x`,
    async next(): Promise<Call> {
      while (calls.length === 0) await once(server, "call");
      return calls.shift()!;
    },
  };
}

const post = { "Content-Type": "application/json" };

test(
  "without the option there are no webhooks, and the description tells of none",
  options,
  async (t) => {
    const { url, port } = await litRoom(t);
    const body = JSON.stringify({ callbackURL: "http://127.0.0.1:1/" });
    const refused = await ask(port, { method: "POST", path: "/lamp/level", headers: post, body });
    assertProblem(refused, 405);
    const description = await (await fetch(`${url}/lamp/`)).text();
    assert.doesNotMatch(description, /webhook/);
  },
);

test(
  "what a consumer subscribes to is posted to it, until it cancels; the second time that is 404",
  options,
  async (t) => {
    const { host, url: callbackURL, next } = await listener(t);
    const { url, lamp } = await litRoom(t, { webhooks: { allowedHosts: [host] } });
    const consumer = await ProfileConsumer.of(`${url}/lamp/`);
    const at = consumer.urlFor("observeproperty", ["properties", "level"], "webhook");
    const subscribed = await send(at, "POST", post, { callbackURL });
    assert.equal(subscribed.status, 201, subscribed.text);
    lamp.level = 42;
    const { request, body } = await next();
    assert.deepEqual([request.method, request.url, body], ["POST", "/heard?as=x", "42"]);
    assert.equal(request.headers["content-type"], "application/json");
    assert.equal(request.headers.link, `<${url}/lamp/level>; rel="self"`);
    assert.ok(Math.abs(Date.parse(String(request.headers.date)) - Date.now()) < 10_000);
    const subscription = new URL(String(subscribed.headers.location));
    assert.match(subscription.pathname, /^\/lamp\/level\/subscriptions\//);
    const elsewhere = new URL(subscription.href.replace("/level/", "/label/"));
    assertProblem(await send(elsewhere, "DELETE", {}), 404);
    const cancelled = await send(subscription, "DELETE", {});
    assert.deepEqual([cancelled.status, cancelled.text], [204, ""]);
    assertProblem(await send(subscription, "DELETE", {}), 404);
    await send(consumer.urlFor("subscribeallevents", [], "webhook"), "POST", post, { callbackURL });
    lamp.level = 43;
    lamp.broken.emit();
    lamp.overheated.emit(80);
    const [broken, hot] = [await next(), await next()];
    assert.deepEqual([broken.body, broken.request.headers["content-type"]], ["", undefined]);
    assert.equal(broken.request.headers.link, `<${url}/lamp/broken>; rel="self"`);
    assert.deepEqual(
      [hot.body, hot.request.headers.link],
      ["80", `<${url}/lamp/overheated>; rel="self"`],
    );
  },
);

test("only configured hosts are called; a redirect is not followed", options, async (t) => {
  const { host, url: callbackURL, next } = await listener(t, 307);
  const { port, lamp } = await litRoom(t, { webhooks: { allowedHosts: [host] } });
  const subscribe = (callbackURL: unknown) =>
    ask(port, {
      method: "POST",
      path: "/lamp/level",
      headers: post,
      body: JSON.stringify({ callbackURL }),
    });
  for (const other of [
    "http://127.0.0.1:1/",
    "http://localhost/",
    "https://example.org/",
    "http://169.254.169.254/",
  ]) {
    assertProblem(await subscribe(other), 403);
  }
  for (const bad of [
    undefined,
    5,
    "x",
    "ftp://127.0.0.1/",
    `http://a:b@${host}/`,
    `http://${host}/${"x".repeat(2048)}`,
  ]) {
    assertProblem(await subscribe(bad), 422);
  }
  assert.equal((await subscribe(callbackURL)).status, 201);
  lamp.level = 1;
  await next();
  lamp.level = 2;
  assert.equal((await next()).body, "2");
  const { text } = await ask(port, { path: "/metrics" });
  assert.match(text, /^thingscope_webhook_failed_total [12]$/m);
  assert.match(text, /^thingscope_webhook_delivered_total 0$/m);
});

test(
  "a subscription to which ten notifications in a row do not get through ends; there are a hundred at most, and fifty of one client",
  options,
  async (t) => {
    const { port, lamp } = await litRoom(t, { webhooks: { allowedHosts: ["127.0.0.1"] } });
    const body = JSON.stringify({ callbackURL: "http://127.0.0.1:1/" }); // nobody listens there
    const subscribe = (from = "127.0.0.1") =>
      ask(port, { method: "POST", path: "/lamp/level", headers: post, body, from });
    const subscriptions = async () => {
      const { text } = await ask(port, { path: "/metrics" });
      return Number(/^thingscope_webhook_subscriptions (\d+)$/m.exec(text)?.[1]);
    };
    for (let n = 0; n < 50; n++) assert.equal((await subscribe()).status, 201);
    assertProblem(await subscribe(), 503);
    for (let n = 0; n < 50; n++) assert.equal((await subscribe("127.0.0.2")).status, 201);
    assertProblem(await subscribe("127.0.0.3"), 503);
    for (let level = 1; level <= 10; level++) lamp.level = level;
    while ((await subscriptions()) > 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await subscribe()).status, 201);
  },
);

test(
  "a name that leads to this machine, to its link or to nobody is not called, whatever is configured",
  options,
  async () => {
    const special = [
      "127.0.0.1",
      "169.254.169.254",
      "0.0.0.0",
      "224.0.0.1",
      "::1",
      "fe80::1",
      "::ffff:127.0.0.1",
      "::ffff:7f00:1",
      "::ffff:a9fe:a9fe",
      "fd00:ec2::254",
      "100.100.100.200",
    ];
    for (const address of special) {
      const policy = new CallbackPolicy(["hooks.lab.example"], async () => [address]);
      await assert.rejects(policy.addressOf(new URL("http://hooks.lab.example/")), {
        code: "CALLBACK_REFUSED",
        message: /resolves to .*, which is not another machine/,
      });
    }
    const policy = new CallbackPolicy(["hooks.lab.example"], async () => ["127.0.0.1", "10.0.0.7"]);
    assert.equal(await policy.addressOf(new URL("http://hooks.lab.example/")), "10.0.0.7");
    for (const host of ["*", "a b", "http://x", "x/y", "2852039166", "[fd00:ec2::254]:80"]) {
      assert.throws(() => new CallbackPolicy([host]), { code: "BAD_CONFIG" }, host);
    }
  },
);
