// Servers as cameras are: each connection is answered by a script.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { rtspAddress } from "../../src/sources/rtsp-address.ts";
import { describeRtsp } from "../../src/sources/rtsp-describe.ts";
import { patience, TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const SDP =
  "v=0\r\nm=audio 0 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 h264/90000\r\na=framerate:12.5\r\n";
const ok = (sdp: string) =>
  `RTSP/1.0 200 OK\r\nCSeq: 1\r\nContent-Length: ${sdp.length}\r\n\r\n${sdp}`;

/** A server on a free port. @param answer - For a request, with its head; undefined: nothing is sent. */
async function server(
  t: TestContext,
  answer: (head: string, socket: Socket) => string | undefined,
) {
  const sockets = new Set<Socket>();
  const listening = createServer((socket) => {
    sockets.add(socket);
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        const text = answer(bytes.toString(), socket);
        if (text !== undefined) socket.write(text);
      });
  }).listen(0, "127.0.0.1");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    listening.close();
  });
  await once(listening, "listening");
  const address = listening.address();
  assert.ok(typeof address === "object" && address);
  return `rtsp://127.0.0.1:${address.port}/cam`;
}

async function asked(url: string, login = {}) {
  const { codec, framerate } = await describeRtsp(rtspAddress(url, login), patience());
  return { codec, framerate };
}
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

test("codec and rate are those of the pictures, also without a map, and from a server with bare line feeds", {
  timeout,
}, async (t) => {
  const url = await server(t, () => ok(SDP));
  assert.deepEqual(await asked(url), { codec: "H264", framerate: 12.5 });
  const jpeg = "v=0\nm=video 0 RTP/AVP 26\nc=IN IP4 0.0.0.0\n";
  const bare = await server(t, () => ok(jpeg).replaceAll("\r\n", "\n"));
  assert.deepEqual(await asked(bare), { codec: "JPEG", framerate: undefined });
  let pieces = 0;
  const slow = await server(t, (_, socket) => {
    for (const piece of ok(SDP).match(/[\s\S]{1,20}/g) ?? []) socket.write(piece, () => pieces++);
    return undefined;
  });
  assert.equal((await asked(slow)).codec, "H264");
  assert.ok(pieces > 3);
});

test("a server that closes its connection with a refusal is asked on another, and one with several logins by Digest", {
  timeout,
}, async (t) => {
  const wanted = 'Digest realm="IP Camera(1, 2)", nonce="a\\"b", qop="auth", stale="FALSE"';
  const heads: string[] = [];
  const url = await server(t, (head, socket) => {
    heads.push(head);
    if (/^Authorization: Digest/m.test(head)) return ok(SDP);
    socket.end(
      `RTSP/1.0 401 Unauthorized\r\nWWW-Authenticate: Basic realm="x"\r\nWWW-Authenticate: ${wanted}\r\n\r\n`,
    );
    return undefined;
  });
  assert.equal((await asked(url, { username: "admin", password: "s" })).codec, "H264");
  const field = (name: string) => new RegExp(`${name}="?([^",]*)"?`).exec(heads.at(-1) ?? "")?.[1];
  const secret = `${md5("admin:IP Camera(1, 2):s")}:a"b:00000001:${field("cnonce")}:auth`;
  assert.equal(field("response"), md5(`${secret}:${md5(`DESCRIBE:${url}`)}`));
  assert.ok(!heads.some((head) => head.includes("admin:s")));
});

test("a redirect is followed on the same host, and to no other, where the login does not belong", {
  timeout,
}, async (t) => {
  const there = await server(t, () => ok(SDP));
  const moved = (to: string) => () => `RTSP/1.0 302 Moved\r\nLocation: ${to}\r\n\r\n`;
  assert.equal((await asked(await server(t, moved(there)))).codec, "H264");
  const elsewhere = asked(await server(t, moved("rtsp://192.0.2.1/cam")), {
    username: "a",
    password: "b",
  });
  await assert.rejects(elsewhere, { code: "SOURCE_FAILED", message: /redirects to another host/ });
});

test("what does not speak RTSP, sends too much, or goes away is told", { timeout }, async (t) => {
  const told = async (
    answer: (head: string, socket: Socket) => string | undefined,
    message: RegExp,
  ) => assert.rejects(asked(await server(t, answer)), { message });
  await told(() => "HTTP/1.1 400 Bad Request\r\n\r\n", /does not speak RTSP/);
  await told(() => `RTSP/1.0 200 OK\r\nX: ${"x".repeat(70_000)}`, /longer than 65536/);
  await told((_, socket) => {
    socket.destroy();
    return undefined;
  }, /closed the connection|ECONNRESET/);
  await told(
    () => "RTSP/1.0 453 Not Enough Bandwidth\r\n\r\n",
    /no bandwidth left for another viewer \(453\)/,
  );
});

test("a login and a path are made of characters that stay one word", () => {
  const address = rtspAddress("rtsp://us%65r:p%w'\"!@[::1]:8554/Streaming/ch(1)?a={b} c");
  assert.deepEqual(address.login, { username: "user", password: "p%w'\"!" });
  assert.equal(address.url, "rtsp://[::1]:8554/Streaming/ch%281%29?a=%7Bb%7D%20c");
  assert.equal(address.host, "::1");
  assert.equal(rtspAddress("rtsp://cam/1").port, 554);
  assert.equal(rtspAddress("rtsps://cam/1").port, 322);
});
