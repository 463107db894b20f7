import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, test } from "node:test";
import { ThingClient } from "thingscope/client";
import { ANSWER_LIMITS } from "../../src/client/answer-body.ts";
import { TEST_MS } from "../limits.ts";
import { FakeServer, json } from "./fake-server.ts";

const timeout = TEST_MS;
const limits = { ...ANSWER_LIMITS };
after(() => Object.assign(ANSWER_LIMITS, limits));

/** Writes until nobody reads any more. */
function endless(type: string, status = 200) {
  const chunk = Buffer.alloc(2 ** 18, " ");
  return (_: unknown, response: ServerResponse) => {
    response.writeHead(status, { "Content-Type": type });
    const write = () => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on("drain", write);
    write();
  };
}

async function serving(t: import("node:test").TestContext) {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  return { server, url: `${await server.listen()}/td` };
}

test("an answer without an end is given up at its limit, whatever it says it is", {
  timeout,
}, async (t) => {
  const { server, url } = await serving(t);
  ANSWER_LIMITS.text = 2 ** 20;
  ANSWER_LIMITS.bytes = 2 ** 21;
  server.answer("GET /td", endless("application/td+json"));
  await assert.rejects(ThingClient.connect(url), {
    code: "BAD_ANSWER",
    message: /answered with more than 1048576 bytes, the limit\. Is that the address of a Thing\?$/,
  });
  const forms = [{ href: "v" }];
  server.answer("GET /td", json({ properties: { text: { forms }, picture: { forms } } }));
  const client = await ThingClient.connect(url);
  server.answer("GET /v", endless("text/plain"));
  await assert.rejects(client.read("text"), { message: /more than 1048576 bytes/ });
  server.answer("GET /v", endless("image/jpeg"));
  await assert.rejects(client.read("picture"), { message: /more than 2097152 bytes/ });
  server.answer("GET /v", endless("application/problem+json", 500));
  await assert.rejects(client.read("text"), { code: "HTTP_500", message: /was answered with 500/ });
  Object.assign(ANSWER_LIMITS, limits);
});

test("an answer that drips is given up in time", { timeout }, async (t) => {
  const { server, url } = await serving(t);
  ANSWER_LIMITS.textMs = 300;
  server.answer("GET /td", (_, response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    const drip = setInterval(() => response.write(" "), 20);
    response.on("close", () => clearInterval(drip));
  });
  await assert.rejects(ThingClient.connect(url), {
    code: "BAD_ANSWER",
    message: /did not finish its answer within 0\.3 s/,
  });
  Object.assign(ANSWER_LIMITS, limits);
});

test("JSON that is deeper than any value is refused in a sentence, not by a full stack", {
  timeout,
}, async (t) => {
  const { server, url } = await serving(t);
  const send = (text: string) =>
    server.answer(
      "GET /td",
      (_, response) =>
        void response.writeHead(200, { "Content-Type": "application/json" }).end(text),
    );
  for (const [open, close] of [
    ["[", "]"],
    ['{"a":', "}"],
  ] as const) {
    send(`${open.repeat(100_000)}1${close.repeat(100_000)}`);
    await assert.rejects(ThingClient.connect(url), {
      code: "BAD_ANSWER",
      message: /answered with JSON deeper than 200 levels/,
    });
  }
  const brackets = JSON.stringify({ title: '[{"'.repeat(1000), properties: {} });
  send(brackets);
  assert.equal((await ThingClient.connect(url)).title.length, 3000, "brackets in a text are none");
});

test("a description with a hundred thousand properties, or with names of JavaScript's own, is read", {
  timeout,
}, async (t) => {
  const { server, url } = await serving(t);
  const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`p${n}`, {}]));
  server.answer("GET /td", json({ properties: many }));
  assert.equal(Object.keys((await ThingClient.connect(url)).properties).length, 100_000);
  const odd =
    '{"properties":{"__proto__":{"forms":[{"href":"v"}]},"constructor":{"forms":[{"href":"v"}]}}}';
  server.answer(
    "GET /td",
    (_, response) => void response.setHeader("Content-Type", "application/json").end(odd),
  );
  server.answer("GET /v", json(1));
  const client = await ThingClient.connect(url);
  assert.equal(await client.read("__proto__"), 1);
  assert.equal(await client.read("constructor"), 1);
  await assert.rejects(client.read("toString"), { code: "UNKNOWN_AFFORDANCE" });
});
