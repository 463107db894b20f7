import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { action, property, Thing, ThingHost, ThingServer } from "thingscope";
import { type Static, Type } from "typebox";
import { limitHits } from "../../src/base/limit-hits.ts";
import { errorsIn } from "../../src/core/schema.ts";
import { inTurn } from "../../src/server/http/request-turns.ts";
import { TEST_MS } from "../limits.ts";
import { ask, converse, serverFor } from "./requests.ts";
import { logIn, secured } from "./secured.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const Choice = Type.Union([Type.Object({ a: Type.Number() }), Type.Boolean(), Type.Null()]);

/** A Thing that takes long lists, and throws odd things. */
class Lists extends Thing {
  @property("Words", Type.Array(Type.String())) accessor words: string[] = [];
  @property("Choices", Type.Array(Choice)) accessor choices: Static<typeof Choice>[] = [];
  @property("Different", Type.Array(Type.Unknown(), { uniqueItems: true }))
  accessor different: unknown[] = [];
  @property("Odd", Type.String()) get odd(): string {
    throw Object.create(null);
  }
  @action("Sum", { input: Type.Object({ terms: Type.Array(Type.String()) }) })
  async sum(): Promise<void> {}
}

async function lists(t: TestContext): Promise<number> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("lists", new Lists());
  const server = new ThingServer(host);
  t.after(() => server.close());
  return (await server.listen({ port: 0 })).port;
}

const MEGABYTE = 2 ** 20 - 100;
const many = (item: string) => {
  return `[${new Array(Math.floor(MEGABYTE / (item.length + 1))).fill(item).join(",")}]`;
};

test("an error repeats little of what a client wrote, and still ends with what to do", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tokens } = await secured(t, { webhooks: { allowedHosts: ["127.0.0.1"] } });
  const login = { Authorization: `Bearer ${tokens.admin}` };
  const JSON_BODY = { ...JSON_TYPE, ...login };
  for (const long of ["z".repeat(1500), "z z ".repeat(400)]) {
    const word = encodeURIComponent(long);
    const callbackURL = `http://${"z.".repeat(100)}example/`;
    const asked: Record<string, Parameters<typeof ask>[1]> = {
      host: { headers: { Host: long.replaceAll(" ", ".") } },
      origin: {
        method: "POST",
        path: "/camera/shoot",
        headers: { ...JSON_BODY, Origin: `http://${long}` },
        body: "{}",
      },
      path: { path: `/${word}`, headers: login },
      member: { path: `/camera/${word}`, headers: login },
      frame: { path: `/camera/live/frames/${word}`, headers: login },
      asset: { path: `/camera/live/viewer/${word}`, headers: login },
      width: { path: `/camera/live/snapshot?width=${word}`, headers: login },
      after: { path: `/camera/done/next?after=${word}`, headers: login },
      directory: { path: `/directory/things?limit=${word}`, headers: login },
      thing: { path: `/directory/things/${word}`, headers: login },
      invocation: { path: `/action_invocations/${word}`, headers: login },
      type: {
        method: "PUT",
        path: "/camera/gain",
        headers: { ...login, "Content-Type": long },
        body: "1",
      },
      callback: {
        method: "POST",
        path: "/camera/done",
        headers: JSON_BODY,
        body: JSON.stringify({ callbackURL }),
      },
      token: { path: "/camera/gain", headers: { Authorization: `Bearer ${long}` } },
      scheme: { path: "/camera/gain", headers: { Authorization: long } },
    };
    for (const [what, request] of Object.entries(asked)) {
      const { status, text } = await ask(port, request);
      assert.ok(status >= 400 && status < 500, `${what}: ${status}`);
      const { detail, instance } = JSON.parse(text);
      const repeated = [detail, instance ?? ""].map((part) => part.match(/z/g)?.length ?? 0);
      assert.ok(Math.max(...repeated) <= 200, `${what} is repeated: ${text}`);
      assert.match(detail, /[.)]$/, what);
    }
  }
});

test("an invalid list of a megabyte is answered with its first fault, and less than 64 kB", async (t) => {
  const port = await lists(t);
  const put = (name: string, body: string) =>
    ask(port, { method: "PUT", path: `/lists/${name}`, headers: JSON_TYPE, body });
  const answers = [
    await put("words", many("1")),
    await put("words", many("{}")),
    await put("choices", many("2")),
    await put("choices", many('{"a":""}')),
    await put("words", `{"${"x".repeat(MEGABYTE)}":1}`),
    await put("words", `["${"x".repeat(MEGABYTE - 10)}",1]`),
    await put("different", many("{}")),
    await put("", `{"${"x".repeat(MEGABYTE)}":1}`),
    await ask(port, {
      ...{ method: "POST", path: "/lists/sum", headers: JSON_TYPE },
      body: `{"terms":${many("1").slice(0, -20)}1]}`,
    }),
  ];
  for (const { status, text } of answers) {
    assert.ok(status >= 400 && status < 500, text.slice(0, 200));
    assert.ok(Buffer.byteLength(text) < 10_000, `${text.length} bytes`);
    const { errors = [] } = JSON.parse(text);
    for (const { loc } of errors) assert.ok(JSON.stringify(loc).length < 1000);
  }
});

test("a short list has each of its faults told, the first 20 of them, and the rest counted", async (t) => {
  const port = await lists(t);
  const path = "/lists/words";
  const body = JSON.stringify(new Array(300).fill(1));
  const answer = await ask(port, { method: "PUT", path, headers: JSON_TYPE, body });
  const { errors, errors_omitted, detail } = JSON.parse(answer.text);
  assert.deepEqual([errors.length, errors_omitted], [20, 280]);
  assert.match(detail, /; and 280 more\.$/);
  assert.deepEqual(errors[19], {
    ...{ type: "string_type", loc: ["body", 19], msg: "Input should be a valid string" },
    input: 1,
  });
});

test("a fault has no part of an input that is a list or an object", async (t) => {
  const port = await lists(t);
  for (const body of ['{"terms": {"secret": "abc"}}', '{"term": ["abc"]}', '["abc"]']) {
    const headers = JSON_TYPE;
    const { text } = await ask(port, { method: "POST", path: "/lists/sum", headers, body });
    for (const fault of JSON.parse(text).errors) assert.ok(!("input" in fault), text);
  }
});

test("items that should differ are compared in one pass, as JSON has them", () => {
  const schema = Type.Array(Type.Unknown(), { uniqueItems: true });
  const isFit = (items: unknown[]) => errorsIn(schema, items).length === 0;
  assert.ok(isFit([1, "1", [1], ["1"], { a: 1 }, { a: "1" }, null, true, "true"]));
  assert.ok(
    !isFit([
      { a: 1, b: { c: 2, d: 3 } },
      { b: { d: 3, c: 2 }, a: 1 },
    ]),
  );
  assert.ok(!isFit([[1, 2], 0, [1, 2]]));
  let reads = 0;
  const counted = (n: number) => ({
    toJSON: () => {
      reads += 1;
      return n;
    },
  });
  assert.ok(isFit(new Array(2000).fill(0).map((_, n) => counted(n))));
  assert.ok(reads <= 4000, `${reads} looks at 2000 items`);
});

test("what was thrown may be anything: it is a problem", async (t) => {
  const { status, text } = await ask(await lists(t), { path: "/lists/odd" });
  assert.equal(status, 500);
  assert.match(JSON.parse(text).detail, /without a message/);
});

test("before a login a body has 4 KiB, and an error says nothing of it", async (t) => {
  const { port, tokens } = await secured(t);
  const post = (body: string) =>
    ask(port, { method: "POST", path: "/login", headers: JSON_TYPE, body });
  const large = await post(many("1"));
  assert.equal(large.status, 413);
  assert.ok(large.text.length < 1000);
  for (const body of ['{"token": ["hunter2"]}', '{"hunter2": 1}', '["hunter2"]', '"hunter2"']) {
    const { status, text } = await post(body);
    assert.equal(status, 422);
    assert.ok(!text.includes("hunter2"), text);
  }
  assert.equal((await logIn(port, { token: tokens.view })).answer.status, 200);
});

test("five hundred unfinished logins hold no more than was sent", async (t) => {
  const { port } = await secured(t);
  const head = `POST /login HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n`;
  const sockets = Array.from({ length: 500 }, () => connect(port, "127.0.0.1"));
  t.after(() => sockets.map((socket) => socket.destroy()));
  const refused = sockets.map(
    (socket) =>
      new Promise<string>((resolve) => {
        socket.on("error", () => resolve(""));
        socket.once("data", (data) => resolve(String(data).slice(0, 12)));
        socket.write(`${head}Content-Length: ${2 ** 20}\r\n\r\n${"x".repeat(8000)}`);
      }),
  );
  for (const answer of await Promise.all(refused)) assert.equal(answer, "HTTP/1.1 413");
});

test("requests of one connection are handed on one at a time, and answered in order", async (t) => {
  let atWork = 0;
  let most = 0;
  const { port } = await serverFor(
    t,
    inTurn(({ url }, response) => {
      most = Math.max(most, ++atWork);
      setImmediate(() => {
        atWork -= 1;
        response.end(`<${url}>`);
      });
    }),
  );
  const request = (n: number) =>
    `GET /${n} HTTP/1.1\r\nHost: x\r\n${n === 9 ? "Connection: close\r\n" : ""}\r\n`;
  const answers = await converse(
    port,
    new Array(10)
      .fill(0)
      .map((_, n) => request(n))
      .join(""),
  );
  assert.deepEqual(
    [...answers.matchAll(/<\/(\d)>/g)].map(([, n]) => Number(n)),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  assert.equal(most, 1);
});

test("a client that sends many requests and reads no answer is disconnected", async (t) => {
  let begun = 0;
  const { port } = await serverFor(
    t,
    inTurn((_, response) => {
      begun += 1;
      setImmediate(() => response.end("x".repeat(100_000)));
    }),
  );
  const before = limitHits().get("pipelined_requests") ?? 0;
  await converse(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(2000));
  assert.ok(begun <= 17, `${begun} requests were begun`);
  assert.equal(limitHits().get("pipelined_requests"), before + 1);
});
