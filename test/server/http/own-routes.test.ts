import assert from "node:assert/strict";
import { test } from "node:test";
import express from "express";
import { TEST_MS } from "../../limits.ts";
import { laboratory } from "../cameras.ts";
import { ask } from "../requests.ts";
import { bearer, secured } from "../secured.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

test("routes of the user's own are answered by server.app, and everything else as before", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port } = await laboratory(t);
  const before = await ask(port, { path: "/samples/7" });
  assert.equal(before.status, 404);
  server.app.get("/samples/:id", ({ params }, response) => {
    response.json({ sample: params.id });
  });
  server.app.post("/samples", express.json(), ({ body }, response) => {
    response.status(201).json(body);
  });
  server.app.get("/broken", () => {
    throw new Error("The freezer is empty.");
  });
  const sample = await ask(port, { path: "/samples/A%207" });
  assert.deepEqual([sample.status, JSON.parse(sample.text)], [200, { sample: "A 7" }]);
  assert.match(String(sample.headers["content-security-policy"]), /default-src 'self'/);
  const made = { method: "POST", path: "/samples", headers: JSON_TYPE, body: '{"a":1}' };
  const posted = await ask(port, made);
  assert.deepEqual([posted.status, JSON.parse(posted.text)], [201, { a: 1 }]);
  const broken = await ask(port, { path: "/broken" });
  assert.deepEqual([broken.status, JSON.parse(broken.text).status], [500, 500]);
  const refused = await ask(port, { ...made, body: `{"a":"${"b".repeat(200_000)}"}` });
  assert.deepEqual([refused.status, JSON.parse(refused.text).code], [413, "BODY_TOO_LARGE"]);
  const noJson = await ask(port, { ...made, body: "{" });
  assert.deepEqual([noJson.status, JSON.parse(noJson.text).code], [422, "INVALID_INPUT"]);
  const nowhere = await ask(port, { path: "/samples" });
  assert.deepEqual([nowhere.status, JSON.parse(nowhere.text).code], [404, "NOT_FOUND"]);
  const elsewhere = await ask(port, { path: "/samples/7", headers: { Host: "evil.example" } });
  assert.equal(elsewhere.status, 421);
  const foreign = { ...made, headers: { ...JSON_TYPE, Origin: "https://evil.example" } };
  assert.equal((await ask(port, foreign)).status, 403);
  await server.thingsChanged();
  assert.equal((await ask(port, { path: "/samples/7" })).status, 200, "it outlives a change");
});

test("middleware of server.app sees what the server answers itself, before it does", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port } = await laboratory(t);
  const seen: string[] = [];
  server.app.use((request, response, next) => {
    seen.push(`${request.method} ${request.path}`);
    response.setHeader("X-Laboratory", "3");
    next();
  });
  server.app.use("/camera/exposure", (request, _response, next) => {
    next(request.method === "PUT" ? new Error("Nobody changes this.") : undefined);
  });
  const read = await ask(port, { path: "/camera/exposure" });
  assert.deepEqual([read.status, read.headers["x-laboratory"]], [200, "3"]);
  const value = { method: "PUT", headers: JSON_TYPE, body: "5" };
  assert.equal((await ask(port, { ...value, path: "/camera/exposure" })).status, 500);
  assert.equal((await ask(port, { path: "/camera/exposure" })).text, read.text);
  assert.equal((await ask(port, { path: "/action_invocations/none" })).status, 404);
  assert.deepEqual(seen.slice(0, 2), ["GET /camera/exposure", "PUT /camera/exposure"]);
  assert.equal(seen.at(-1), "GET /action_invocations/none");
});

test("server.app is behind the login: who looks needs view, who changes something operate", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port, tokens } = await secured(t);
  let seen = 0;
  server.app.use((_request, _response, next) => {
    seen += 1;
    next();
  });
  server.app.all("/samples", ({ method }, response) => {
    response.send(method);
  });
  const cases: [method: string, role: "view" | "operate" | undefined, status: number][] = [
    ["GET", undefined, 401],
    ["POST", undefined, 401],
    ["GET", "view", 200],
    ["POST", "view", 403],
    ["DELETE", "view", 403],
    ["POST", "operate", 200],
  ];
  for (const [method, role, status] of cases) {
    const headers = role ? bearer(tokens[role]) : {};
    const answer = await ask(port, { method, path: "/samples", headers });
    assert.equal(answer.status, status, `${method} by ${role}`);
  }
  const exposure = { method: "PUT", path: "/camera/exposure", body: "5" };
  const refused = await ask(port, { ...exposure, headers: bearer(tokens.view) });
  assert.equal(refused.status, 403);
  assert.equal(seen, 2, "only those that were allowed reach it");
});
