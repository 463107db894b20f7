import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import express from "express";
import { patience, TEST_MS } from "../../limits.ts";
import { secured } from "../secured.ts";

const REQUEST = ["Host: 127.0.0.1", "Expect: 100-continue", "Content-Type: application/json"];

/** All that a server says to a request whose client sends its body at once, or, if there is none, waits. */
async function answerTo(port: number, head: string[], body: Buffer | string = ""): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect", { signal: patience() });
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk;
  });
  socket.write([...head, ...REQUEST, "", ""].join("\r\n"));
  if (body) socket.write(body);
  await once(socket, "end", { signal: patience() });
  socket.destroy();
  return text;
}

test("a client that expects 100 Continue is told its refusal in its place, and whoever reads its body asks for it", {
  timeout: TEST_MS,
}, async (t) => {
  const { server, port, tokens } = await secured(t);
  const seen: unknown[] = [];
  server.app.post("/closed", (_request, response) => {
    response.status(403).end();
  });
  server.app.post("/samples", express.json({ limit: 9 }), ({ body }, response) => {
    seen.push(body);
    response.status(201).json(body);
  });
  server.app.post("/pieces", async (request, response) => {
    for await (const piece of request) seen.push(String(piece));
    response.status(201).end();
  });
  const login = `Authorization: Bearer ${tokens.operate}`;
  const post = (path: string, length: number, ...fields: string[]) => [
    ...[`POST ${path} HTTP/1.1`, `Content-Length: ${length}`, "Connection: close", ...fields],
  ];
  const statuses = (text: string) =>
    [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => code);
  const stranger = await answerTo(port, post("/samples", 9));
  assert.deepEqual(statuses(stranger), ["401"]);
  const closed = await answerTo(port, post("/closed", 9, login));
  assert.deepEqual(statuses(closed), ["403"]);
  const taken = await answerTo(port, post("/samples", 7, login), '{"a":1}');
  assert.deepEqual([statuses(taken), seen.splice(0)], [["100", "201"], [{ a: 1 }]]);
  const tooLarge = await answerTo(port, post("/samples", 10, login), '{"a":1000}');
  assert.deepEqual(statuses(tooLarge), ["100", "413"], "express reads what it refuses to its end");
  const pieces = await answerTo(port, post("/pieces", 3, login), "abc");
  assert.deepEqual([statuses(pieces), seen], [["100", "201"], ["abc"]]);
});

test("a client that sends its body without waiting is told why it was refused, and not reset", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await secured(t);
  const body = Buffer.alloc(4 * 2 ** 20, " ");
  const head = [`PUT /camera/exposure HTTP/1.1`, `Content-Length: ${body.length}`];
  const answer = await answerTo(port, head, body);
  assert.match(answer, /^HTTP\/1\.1 401 /);
  assert.match(answer, /^Connection: close/im);
  assert.match(answer, /"code":"[A-Z_]+"\}$/);
});
