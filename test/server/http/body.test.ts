import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { ThingError } from "thingscope";
import { type TSchema, Type } from "typebox";
import { readJson, readPropertyValue } from "../../../src/server/http/body.ts";
import { parseJson } from "../../../src/server/http/json.ts";
import { applyLimits, REQUEST_LIMITS } from "../../../src/server/http/listen.ts";
import { TEST_MS } from "../../limits.ts";
import { ask, converse, serverFor } from "../requests.ts";

/** A server that answers with the value of the body that it was sent. */
async function echo(
  test: TestContext,
  read: (request: IncomingMessage) => Promise<unknown>,
): Promise<number> {
  const { port } = await serverFor(test, async (request, response) => {
    try {
      response.end(JSON.stringify({ value: await read(request) }));
    } catch (error) {
      assert.ok(error instanceof ThingError);
      response.statusCode = error.status;
      response.end(JSON.stringify({ code: error.code, faults: error.faults }));
    }
  });
  return port;
}

const JSON_TYPE = { "Content-Type": "application/json" };

test("the character at which a text stops being JSON is found", () => {
  for (const [text, errorAt] of [
    ["", 0],
    ["hello", 0],
    ["  nul", 2],
    ["{", 1],
    ['{"a": }', 6],
    ['{"a" 1}', 5],
    ["{a: 1}", 1],
    ['{"a": 1,}', 8],
    ["[1, 2", 5],
    ["[1 2]", 3],
    ["[1,]", 3],
    ["[01]", 2],
    ["1 2", 2],
    ["[}", 1],
    ["}", 0],
    ['["a\nb"]', 1],
    ['["\\x"]', 1],
    ["[,]", 1],
    ['{"a":1}}', 7],
  ] as const) {
    assert.deepEqual(parseJson(text), { errorAt }, text);
  }
  assert.deepEqual(parseJson(' {"a": ["\\u00e9\\n", -1.5e3, true, null, {}, []]} '), {
    value: { a: ["é\n", -1500, true, null, {}, []] },
  });
});

test("a POST takes JSON or nothing", async (t) => {
  const port = await echo(t, (request) => readJson(request));
  const post = async (headers: Record<string, string>, body: string | Uint8Array) => {
    const { status, text } = await ask(port, { method: "POST", headers, body });
    return [status, JSON.parse(text)];
  };
  assert.deepEqual(await post(JSON_TYPE, '{"a":1}'), [200, { value: { a: 1 } }]);
  assert.deepEqual(await post(JSON_TYPE, ""), [200, {}]);
  assert.deepEqual(await post({}, ""), [200, {}]);
  assert.equal((await post({}, "{}"))[0], 415);
  assert.equal((await post({ "Content-Type": "text/plain" }, "{}"))[0], 415);
  const chunked = { "Content-Type": "text/plain", "Transfer-Encoding": "chunked" };
  assert.equal((await post(chunked, "{}"))[0], 415);
  for (const nothing of [{ "Content-Type": "text/plain" }, chunked])
    assert.deepEqual(await post(nothing, ""), [200, {}], "no body is of no type");
  assert.equal((await post({ ...JSON_TYPE, "Content-Encoding": "gzip" }, "x"))[0], 415);
  assert.deepEqual(await post(JSON_TYPE, '{"a": }'), [
    422,
    {
      code: "INVALID_INPUT",
      faults: [{ type: "json_invalid", loc: ["body", 6], msg: "JSON decode error" }],
    },
  ]);
  assert.equal((await post(JSON_TYPE, new Uint8Array([0x22, 0xff, 0x22])))[0], 422);
  assert.equal((await post(JSON_TYPE, "[".repeat(65) + "]".repeat(65)))[0], 422);
  assert.equal((await post(JSON_TYPE, "[".repeat(64) + "]".repeat(64)))[0], 200);
});

test("a property takes JSON, and a bare scalar of the types that pages send", async (t) => {
  let schema: TSchema = Type.Number();
  const port = await echo(t, (request) => readPropertyValue(request, schema));
  const put = async (type: string | undefined, body: string) => {
    const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
    const { status, text } = await ask(port, { method: "PUT", headers, body });
    return status === 200 ? JSON.parse(text).value : status;
  };
  for (const type of [undefined, "text/plain", "application/x-www-form-urlencoded"]) {
    schema = Type.Number();
    assert.equal(await put(type, "2.5"), 2.5);
    assert.equal(await put(type, "fast"), "fast", "left to the validation of the property");
    assert.equal(await put(type, "[1]"), 415);
    assert.equal(await put(type, "{}"), 415);
    schema = Type.Boolean();
    assert.equal(await put(type, "false"), false);
    schema = Type.String();
    assert.equal(await put(type, "hello world"), "hello world");
    assert.equal(await put(type, "5"), "5");
    assert.equal(await put(type, '"quoted"'), "quoted");
  }
  assert.equal(await put("text/plain", ""), "");
  assert.equal(await put(undefined, ""), 422);
  assert.equal(await put("application/json", ""), 422);
  assert.equal(await put("application/json", "hello"), 422);
  assert.deepEqual(await put("application/json", "[1]"), [1]);
  assert.equal(await put("multipart/form-data; boundary=x", "5"), 415);
  assert.equal(await put("image/jpeg", "5"), 415);
});

test("a body that is too long or too slow is answered, whether it says so before or not", {
  timeout: TEST_MS,
}, async (t) => {
  const port = await echo(t, (request) => readJson(request, { limit: 1000, timeoutMs: 200 }));
  const long = JSON.stringify("x".repeat(2000));
  const chunked = { ...JSON_TYPE, "Transfer-Encoding": "chunked" };
  for (const headers of [JSON_TYPE, chunked]) {
    const { status, text } = await ask(port, { method: "POST", headers, body: long });
    assert.deepEqual([status, JSON.parse(text).code], [413, "BODY_TOO_LARGE"]);
  }
  const slow = await converse(
    port,
    "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[1",
  );
  assert.match(slow, /^HTTP\/1.1 408 /);
});

test("a request that dribbles in is cut, a wait that has nothing to send is not", {
  timeout: TEST_MS,
}, async (t) => {
  const quick = { headersTimeout: 1000, requestTimeout: 1000, connectionsCheckingInterval: 50 };
  const { port, server } = await serverFor(
    t,
    (_, response) => void setTimeout(() => response.end("waited"), 2500),
    { ...REQUEST_LIMITS, ...quick },
  );
  applyLimits(server, { stallMs: 2000 });
  assert.match(await converse(port, "GET / HTTP/1.1\r\nHost: localho"), /^HTTP\/1.1 408 /);
  assert.equal((await ask(port, {})).text, "waited");
});

test("a connection that takes nothing of its answer is ended", { timeout: TEST_MS }, async (t) => {
  const ended: number[] = [];
  const { port, server } = await serverFor(t, (_, response) => {
    response.on("close", () => ended.push(response.writableLength));
    response.end(Buffer.alloc(64 * 2 ** 20));
  });
  applyLimits(server, { stallMs: 300 });

  const socket = connect(port, "127.0.0.1").pause();
  socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

  const [request] = await once(server, "request");
  await once(request.socket, "close");
  assert.equal(ended.length, 1);
  socket.destroy();
});

test("a number that would be rounded is refused, and one that is a double's own is not", async (t) => {
  const port = await echo(t, (request) => readJson(request));
  const post = (body: string) => ask(port, { method: "POST", headers: JSON_TYPE, body });
  for (const number of [
    "9007199254740993",
    "-9007199254740995",
    "100000000000000000001",
    "1e400",
  ]) {
    const { status, text } = await post(`{"a": [1, {"b": ${number}}]}`);
    assert.equal(status, 422, number);
    assert.equal(JSON.parse(text).faults[0].type, "int_parsing_size");
  }
  for (const value of [2 ** 53, -(2 ** 53), 2 ** 60, 1e20, 123456789012345680000, 1e300, 0.1]) {
    assert.deepEqual(JSON.parse((await post(JSON.stringify(value))).text), { value });
  }
  const quoted = { a: '9007199254740993 "9007199254740993\\', "9007199254740993": 1 };
  assert.deepEqual(JSON.parse((await post(JSON.stringify(quoted))).text), { value: quoted });
  const long = `[${"9".repeat(900_000)}]`;
  assert.equal((await post(long)).status, 422, "however long it is");
});

test("a bare scalar that would be rounded is refused for a number, and itself for a string", async (t) => {
  let schema: TSchema = Type.Number();
  const port = await echo(t, (request) => readPropertyValue(request, schema));
  const put = () => ask(port, { method: "PUT", body: "9007199254740993" });
  assert.equal((await put()).status, 422);
  schema = Type.String();
  assert.equal(JSON.parse((await put()).text).value, "9007199254740993");
});
