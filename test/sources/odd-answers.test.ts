import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { delay } from "../../src/base/abort.ts";
import { MJPEGReader } from "../../src/client-for-node.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { HttpLogin } from "../../src/sources/http-login.ts";
import { type MjpegHttpOptions, MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { patience, TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { framesOf } from "./reading.ts";

const timeout = TEST_MS;

async function portOf(t: TestContext, server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

const addressOf = async (t: TestContext, listener: RequestListener) =>
  `http://127.0.0.1:${await portOf(t, createServer(listener))}`;

/** The first picture of a camera. */
async function first(url: string, options?: MjpegHttpOptions): Promise<Buffer> {
  for await (const { jpeg } of framesOf(new MjpegHttpSource(url, options), patience()))
    return Buffer.from(jpeg);
  throw new Error("It gave no picture.");
}

const SENT = Buffer.from(picture(1));
const give: RequestListener = (_, response) => {
  response.writeHead(200, { "Content-Type": "image/jpeg", "Content-Length": SENT.length });
  response.end(SENT);
};

test("a camera that begins a session gets its cookie back, from a redirect and from a refused login, and no other server does", {
  timeout,
}, async (t) => {
  const elsewhere: (string | undefined)[] = [];
  const other = await addressOf(t, (request, response) => {
    elsewhere.push(request.headers.cookie);
    give(request, response);
  });
  const url = await addressOf(t, (request, response) => {
    const { cookie = "", authorization } = request.headers;
    const hasSession = cookie.split("; ").includes("sid=1=") && !cookie.includes("old");
    const cookies = [
      "sid=1=; Path=/; Expires=Wed, 01 Jan 2031 00:00:00 GMT",
      "b=2",
      "old=; Max-Age=0",
    ];
    if (request.url === "/away" && hasSession)
      response.writeHead(302, { Location: `${other}/` }).end();
    else if (hasSession && (request.url !== "/login" || authorization)) give(request, response);
    else if (request.url === "/login")
      response.writeHead(401, { "WWW-Authenticate": "Basic", "Set-Cookie": cookies }).end();
    else response.writeHead(302, { Location: request.url!, "Set-Cookie": cookies }).end();
  });
  assert.deepEqual(await first(`${url}/`), SENT);
  const login = { username: "ann", password: "secret" };
  assert.deepEqual(await first(`${url}/login`, { login }), SENT);
  assert.deepEqual(await first(`${url}/away`), SENT);
  assert.deepEqual(elsewhere, [undefined]);
  for await (const { jpeg } of new MJPEGReader(`${url}/`, { signal: patience() })) {
    assert.deepEqual(Buffer.from(jpeg), SENT);
    break;
  }
});

test("a Digest login is answered where the camera protects bodies, too, or offers an empty list", () => {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const secret = md5("ann:r:pw");
  const answered = (qop: string) => {
    const login = new HttpLogin({ username: "ann", password: "pw" });
    assert.ok(login.refused(`Digest realm="r", nonce="n"${qop}`, false), qop);
    const header = login.authorizationFor("/x") ?? "";
    const of = (name: string) => new RegExp(`[ ,]${name}="?([^",]*)`).exec(header)?.[1];
    return { response: of("response"), qop: of("qop"), cnonce: of("cnonce") };
  };
  const whole = answered(', qop="auth-int"');
  assert.equal(whole.qop, "auth-int");
  const counted = `n:00000001:${whole.cnonce}:auth-int`;
  assert.equal(whole.response, md5(`${secret}:${counted}:${md5(`GET:/x:${md5("")}`)}`));
  for (const none of ["", ', qop=""', ', qop=" "']) {
    const { response, qop } = answered(none);
    assert.equal(qop, undefined, none);
    assert.equal(response, md5(`${secret}:n:${md5("GET:/x")}`), none);
  }
  assert.equal(answered(', qop="auth-int,auth"').qop, "auth");
});

test("what a camera answers in place of pictures is told by what to do about it", {
  timeout,
}, async (t) => {
  const url = await addressOf(t, ({ url: path }, response) => {
    if (path === "/ntlm") response.writeHead(401, { "WWW-Authenticate": ["NTLM", "Negotiate"] });
    else if (path === "/old")
      response.writeHead(401, { "WWW-Authenticate": 'Digest nonce="n", algorithm=TIGER' });
    else if (path === "/lost") response.writeHead(302);
    else response.writeHead(Number(path?.slice(1)));
    response.end();
  });
  const login = { username: "ann", password: "secret" };
  for (const [path, reason] of [
    ["/ntlm", /requires a login by ntlm or negotiate \(401\), which is not known here\. Set the/],
    ["/old", /requires a login by digest TIGER \(401\)/],
    ["/lost", /redirects without saying where to\. Check the address\./],
    ["/503", /answered 503 Service Unavailable: it may have as many viewers as it takes/],
    ["/500", /answered 500 Internal Server Error\. Check the address, and restart the camera/],
  ] as const)
    await assert.rejects(first(url + path, { login }), { code: "SOURCE_FAILED", message: reason });
  await assert.rejects(first(url.replace("http:", "https:")), {
    message: /its port \d+ does not speak TLS\. Write http:\/\/ instead/,
  });
});

test("a camera with an old TLS alone is told as that", { timeout }, async (t) => {
  const old = {
    minVersion: "TLSv1",
    maxVersion: "TLSv1.1",
    ciphers: "DEFAULT@SECLEVEL=0",
  } as const;
  const files = await selfSigned({ names: ["camera"], days: 10 });
  const port = await portOf(t, createSecureServer({ ...files, ...old }, give));
  await assert.rejects(first(`https://127.0.0.1:${port}/`), {
    code: "SOURCE_FAILED",
    message: /speaks an old TLS only, which is not safe\. Update the camera, or write http:/,
  });
});

test("a camera that sends nothing but pictures of other types says so, and what to do", {
  timeout,
}, async (t) => {
  const url = await addressOf(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
    const part = "--x\r\nContent-Type: image/webp\r\nContent-Length: 8\r\n\r\nRIFF1234\r\n";
    const more = setInterval(() => response.write(part), 20);
    response.on("close", () => clearInterval(more));
  });
  const feeding = feed(new MJPEGStream(), new MjpegHttpSource(url), {
    keepWarm: true,
    startMs: 1000,
  });
  t.after(() => feeding.stop());
  const signal = patience();
  while (feeding.reason === undefined) await delay(5, signal);
  assert.match(
    feeding.reason,
    /^All \d+ parts that the source sent in .* s had other media types than image\/jpeg\. Set the camera to MJPEG/,
  );
});
