import assert from "node:assert/strict";
import { test } from "node:test";
import { type ClientIo, visible } from "../../src/cli/client-output.ts";
import { get, td, types, watch } from "../../src/cli/client-verbs.ts";
import { FakeServer, json } from "../client/fake-server.ts";
import { patience, TEST_MS } from "../limits.ts";
import { runCli } from "./run-cli.ts";

const timeout = TEST_MS;
/** Clears the screen, renames the window, in C1 too; turns the text; ends the line. */
const EVIL = "\u001b[2J\u001b]0;owned\u0007\u009b2J\u202eabc\u2028\u007f\u{e0041}\r\nforged";
const DANGEROUS = /[\p{Cc}\p{Cf}\u2028\u2029]/u;

function terminal(isTTY: boolean, isJson = false) {
  let text = "";
  const out = {
    isTTY,
    write: (more: string) => {
      text += more;
    },
  };
  const io: ClientIo = { out, err: out, signal: patience(), json: isJson };
  return { io, text: () => text };
}

test("what a server says reaches no terminal as anything but text, by any verb, for people or as JSON", {
  timeout,
}, async (t) => {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const url = `${await server.listen()}/td`;
  const forms = [{ href: "v" }];
  const description = {
    title: EVIL,
    description: EVIL,
    properties: { value: { description: EVIL, enum: [EVIL], forms }, [EVIL]: { forms } },
    events: { said: { description: EVIL, forms: [{ href: "sse", subprotocol: "sse" }] } },
  };
  server.answer("GET /td", json(description));
  server.answer("GET /v", json({ [EVIL]: EVIL }));
  server.answer("GET /sse", (_, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write(`data: ${JSON.stringify({ [EVIL]: EVIL })}\n\n`);
  });
  const target = { url, credentials: undefined };
  for (const [isTTY, isJson] of [
    [true, false],
    [true, true],
    [false, false],
  ] as const) {
    const verbs = {
      get: (io: ClientIo) => get(io, target, ["value"]),
      td: (io: ClientIo) => td(io, target),
      types: (io: ClientIo) => types(io, target, {}),
      watch: (io: ClientIo) => watch(io, target, ["said"], { count: 1 }),
    };
    for (const [name, verb] of Object.entries(verbs)) {
      const { io, text } = terminal(isTTY, isJson);
      await verb(io);
      assert.ok(text().length > 0, name);
      assert.doesNotMatch(text().replaceAll("\n", ""), DANGEROUS, `${name} ${isTTY} ${isJson}`);
      assert.doesNotMatch(text(), /^forged/m, name);
    }
  }
  const { io, text } = terminal(false);
  await get(io, target, ["value"]);
  assert.deepEqual(JSON.parse(text()), { [EVIL]: EVIL }, "programs get what was sent");
});

test("the sentence of an error has no control characters either", { timeout }, async (t) => {
  const server = new FakeServer();
  t.after(() => server[Symbol.asyncDispose]());
  const url = `${await server.listen()}/td`;
  server.answer("GET /td", json({ detail: EVIL }, 500));
  const { code, stderr, stdout } = await runCli(process.cwd(), "get", url, "value");
  assert.equal(code, 1);
  assert.equal(stdout, "");
  assert.match(stderr, /^ \[2J.*forged\n$/, "on one line");
  assert.doesNotMatch(stderr.replaceAll("\n", ""), DANGEROUS);
  assert.equal(visible("Grün °C 图\n"), "Grün °C 图\n");
});
