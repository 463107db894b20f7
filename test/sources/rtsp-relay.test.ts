// A program's connection through the relay to servers that answer as cameras do, well and badly.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { rtspAddress } from "../../src/sources/rtsp-address.ts";
import { describeRtsp } from "../../src/sources/rtsp-describe.ts";
import { RtspReader } from "../../src/sources/rtsp-reader.ts";
import { RtspRelay } from "../../src/sources/rtsp-relay.ts";
import { patience, TEST_MS } from "../limits.ts";
import { OddRtspServer, type RtspRequest } from "./odd-rtsp-server.ts";

const timeout = TEST_MS;
const LOGIN = { username: "cam", password: 'p%41@ss:w/"rd' };
const TCP = "RTP/AVP/TCP;unicast;interleaved=0-1";
const UDP = "RTP/AVP;unicast;client_port=40000-40001";
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** A program that asks as GStreamer does, one request after another. */
class Program {
  readonly socket: Socket;
  readonly #url: string;
  #number = 1;

  constructor(url: string) {
    this.#url = url;
    const { hostname, port } = new URL(url.replace("rtsp:", "http:"));
    this.socket = connect(Number(port), hostname).on("error", () => {});
  }

  /** @returns The answer, without what is interleaved after it; empty if the connection is closed in its place. */
  async asks(method: string, fields: Readonly<Record<string, string>> = {}): Promise<string> {
    const lines = Object.entries({ CSeq: this.#number++, ...fields }).map((pair) =>
      pair.join(": "),
    );
    this.socket.write(`${[`${method} ${this.#url} RTSP/1.0`, ...lines].join("\r\n")}\r\n\r\n`);
    const signal = patience();
    const [bytes] = await Promise.race([
      once(this.socket, "data", { signal }),
      once(this.socket, "close", { signal }).then(() => [""]),
    ]);
    return String(bytes);
  }
}

async function relayed(
  t: TestContext,
  server: OddRtspServer,
  login: Partial<typeof LOGIN> = LOGIN,
) {
  const relay = await RtspRelay.open(
    await describeRtsp(rtspAddress(server.url, login), patience()),
  );
  const program = new Program(relay.url);
  t.after(() => {
    program.socket.destroy();
    relay.close();
  });
  return { relay, program };
}

/** Refuses what has no login made for this request. */
function wantsDigest(nonceOf: (request: RtspRequest) => string) {
  return (request: RtspRequest): string | undefined => {
    const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(request.head)?.[1];
    const nonce = nonceOf(request);
    const secret = md5(`cam:odd:${LOGIN.password}`);
    const right = md5(`${secret}:${nonce}:${md5(`${request.method}:${request.url}`)}`);
    if (field("nonce") === nonce && field("response") === right) return undefined;
    return `401 Unauthorized\r\nWWW-Authenticate: Digest realm="odd", nonce="${nonce}"\r\n\r\n`;
  };
}

test("the login is added to each request, also when the nonce changes, and the program sees neither it nor the camera's address", {
  timeout,
}, async (t) => {
  const server = await OddRtspServer.start(t);
  server.answer = wantsDigest(({ method }) => (method === "PLAY" ? "later" : "first"));
  const { relay, program } = await relayed(t, server);
  assert.match(relay.url, /^rtsp:\/\/127\.0\.0\.1:\d+\/thingscope$/);
  const described = await program.asks("DESCRIBE");
  assert.match(described, /^RTSP\/1\.0 200 OK/);
  assert.ok(described.includes(`Content-Base: ${relay.url}/`));
  assert.match(await program.asks("SETUP", { Transport: TCP }), /200 OK[\s\S]*interleaved=0-1/);
  assert.match(await program.asks("PLAY"), /200 OK/);
  await once(program.socket, "data", { signal: patience() });
  assert.equal(relay.fault, undefined);
  assert.ok(server.requests.every(({ url }) => url === server.url));
  assert.ok(server.requests.every(({ head }) => !head.includes(LOGIN.password)));
});

test("an answer's addresses are those of the relay, whatever host the camera calls itself, and lead back to the camera's", {
  timeout,
}, async (t) => {
  const server = await OddRtspServer.start(t);
  server.sdp = server.sdp.replace(
    "a=control:trackID=1",
    "a=control:rtsp://192.0.2.7:554/cam/trackID=1",
  );
  const { relay, program } = await relayed(t, server, {});
  const described = await program.asks("DESCRIBE");
  assert.ok(described.includes(`a=control:${relay.url}/trackID=1`));
  const [head = "", body = ""] = described.split("\r\n\r\n");
  assert.ok(head.includes(`Content-Length: ${body.length}`));
  assert.match(
    await program.asks("SETUP", { Transport: UDP }),
    /client_port=[^\r]*;source=127\.0\.0\.1/,
  );
});

const REFUSALS: readonly (readonly [method: string, answer: string, says: RegExp])[] = [
  [
    "SETUP",
    "461 Unsupported Transport",
    /does not offer the transport 'tcp' \(461\)\. Set the option transport to udp/,
  ],
  ["SETUP", "453 Not Enough Bandwidth", /no bandwidth left for another viewer \(453\)/],
  ["PLAY", "454 Session Not Found", /ended the session \(454\)/],
  [
    "PLAY",
    "500 Internal Server Error",
    /answered PLAY with 500 Internal Server Error\. It is tried again/,
  ],
  [
    "SETUP",
    "401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\n\r\n",
    /refuses this login \(401\)/,
  ],
  ["SETUP", "close", /closed the connection instead of answering SETUP/],
  ["PLAY", "silence", /does not answer PLAY/],
  ["SETUP", "silence", /does not answer SETUP/],
];

for (const [method, answer, says] of REFUSALS)
  test(`${answer.slice(0, 20).trim()} at ${method} has its sentence`, { timeout }, async (t) => {
    const server = await OddRtspServer.start(t);
    server.answer = (request) => (request.method === method ? answer : undefined);
    const { relay, program } = await relayed(t, server);
    const setup = program.asks("SETUP", { Transport: TCP });
    if (method === "PLAY") {
      await setup;
      void program.asks("PLAY");
    }
    const asked = () => server.requests.some((request) => request.method === method);
    const told = () => (answer === "silence" ? asked() && relay.silence : relay.fault?.message);
    while (!told()) await delay(5);
    assert.match(relay.silence ?? "", says);
    assert.equal(relay.fault === undefined, answer === "silence");
    assert.doesNotMatch(relay.silence ?? "", /p%41|ss:w/);
  });

test("a camera that plays and sends nothing, or nothing that is RTSP, is told", {
  timeout,
}, async (t) => {
  const server = await OddRtspServer.start(t);
  server.isPlaying = false;
  const { relay, program } = await relayed(t, server);
  await program.asks("SETUP", { Transport: TCP });
  await program.asks("PLAY");
  assert.match(relay.silence ?? "", /accepts the request to play and sends nothing/);
  for (const socket of server.sockets) socket.write("x".repeat(1000));
  await once(program.socket.resume(), "close", { signal: patience() });
  assert.match(relay.fault?.message ?? "", /does not speak RTSP: it sends what is not RTSP/);
});

test("one program is served at a time, and none after the end", { timeout }, async (t) => {
  const server = await OddRtspServer.start(t);
  const { relay, program } = await relayed(t, server);
  await program.asks("OPTIONS");
  assert.equal(await new Program(relay.url).asks("OPTIONS"), "");
  assert.match(await program.asks("OPTIONS"), /200 OK/);
  relay.close();
  await once(program.socket, "close", { signal: patience() });
  await assert.rejects(new Program(relay.url).asks("OPTIONS"), { code: "ECONNREFUSED" });
});

test("messages and what is interleaved with them are found whichever way they are cut", () => {
  const data = Buffer.from([0x24, 0, 0, 5, 1, 0x24, 10, 10, 5]);
  const message = Buffer.from("RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nabc");
  const wire = Buffer.concat([data, data, Buffer.from("\r\n"), message, data, message]);
  for (let size = 1; size <= wire.length; size++) {
    const [passed, told]: [Buffer[], string[]] = [[], []];
    const reader = new RtspReader({
      onData: (bytes) => passed.push(Buffer.from(bytes)),
      onMessage: ({ first, body }) => told.push(`${first} ${body}`),
    });
    for (let at = 0; at < wire.length; at += size) reader.read(wire.subarray(at, at + size));
    assert.deepEqual(told, ["RTSP/1.0 200 OK abc", "RTSP/1.0 200 OK abc"]);
    assert.deepEqual(Buffer.concat(passed), Buffer.concat([data, data, data]));
  }
  const refuses = (text: string) =>
    assert.throws(() => new RtspReader({ onData() {}, onMessage() {} }).read(Buffer.from(text)));
  refuses("\0garbage");
  refuses(`RTSP/1.0 200 OK\r\nX: ${"x".repeat(70_000)}`);
  refuses("RTSP/1.0 200 OK\r\nContent-Length: 999999999\r\n\r\n");
});
