import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { ThingClient } from "../../src/client/index.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { patience, TEST_MS } from "../limits.ts";
import { framesOf } from "../sources/reading.ts";

process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0"; // for the certificate that these servers make themselves

const timeout = TEST_MS;
const CERTIFICATE = await selfSigned({ names: ["localhost", "127.0.0.1"], days: 1 });
const JPEG = await jpegOf(32, 24);
const PASSWORD = "100%sure";
const BASIC = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;

/** A server that notes which logins come with requests for `/target`, and redirects from `/from` to where it is told. */
class Place {
  readonly logins: (string | undefined)[] = [];
  location = "";
  /** Whether pictures are for clients that log in only. */
  asks = false;
  readonly #server: Server;
  readonly #scheme: string;

  constructor(t: TestContext, scheme: "http" | "https") {
    const answer: RequestListener = ({ url, headers }, response) => {
      if (url === "/from") return response.writeHead(302, { Location: this.location }).end();
      this.logins.push(headers.authorization);
      if (headers.accept?.includes("multipart")) {
        const isRefused = this.asks && !headers.authorization;
        if (isRefused)
          return response.writeHead(401, { "WWW-Authenticate": 'Basic realm="camera"' }).end();
        response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=frame" });
        response.write(
          `--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${JPEG.length}\r\n\r\n`,
        );
        return response.write(JPEG);
      }
      response.writeHead(200, { "Content-Type": "application/td+json" });
      return response.end(JSON.stringify({ title: "There", properties: {} }));
    };
    this.#scheme = scheme;
    this.#server =
      scheme === "https" ? createSecureServer(CERTIFICATE, answer) : createServer(answer);
    t.after(() => {
      this.#server.closeAllConnections();
      this.#server.close();
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return this;
  }

  url(path: string, { host = "127.0.0.1", login = "" } = {}): string {
    return `${this.#scheme}://${login}${host}:${(this.#server.address() as AddressInfo).port}${path}`;
  }
}

async function places(t: TestContext) {
  const make = (scheme: "http" | "https") => new Place(t, scheme).listen();
  return {
    plain: await make("http"),
    plain2: await make("http"),
    tls: await make("https"),
    tls2: await make("https"),
  };
}

/** Where from, where to, on which host, and whether the login goes along. */
const WAYS = [
  ["plain", "plain", "127.0.0.1", true],
  ["tls", "tls", "127.0.0.1", true],
  ["plain", "plain2", "127.0.0.1", false],
  ["tls", "tls2", "127.0.0.1", false],
  ["tls", "plain", "127.0.0.1", false],
  ["plain", "tls", "127.0.0.1", false],
  ["plain", "plain", "localhost", false],
  ["tls", "plain", "localhost", false],
] as const;

test("a camera's login follows a redirect to the same scheme, host and port only", {
  timeout,
}, async (t) => {
  const all = await places(t);
  for (const [from, to, host, follows] of WAYS) {
    all[from].location = all[to].url("/target", { host, login: "evil:evil@" });
    all[to].logins.length = 0;
    all[to].asks = follows;
    const source = new MjpegHttpSource(all[from].url("/from", { login: `admin:${PASSWORD}@` }));
    const leaving = new AbortController();
    const frames = framesOf(source, AbortSignal.any([leaving.signal, patience()]));
    const what = `${from} to ${to} on ${host}`;
    if (host === "127.0.0.1") {
      assert.equal((await frames.next()).value?.jpeg.length, JPEG.length, what);
      assert.deepEqual(all[to].logins, follows ? [undefined, BASIC] : [undefined], what);
    } else {
      await assert.rejects(frames.next(), /redirects to another host/, what);
      assert.deepEqual(all[to].logins, [], what);
    }
    leaving.abort();
    await frames.return();
  }
});

test("the client's login follows a redirect to the same scheme, host and port only, however it was given", {
  timeout,
}, async (t) => {
  const all = await places(t);
  for (const [from, to, host, follows] of WAYS) {
    all[from].location = all[to].url("/target", { host });
    all[to].logins.length = 0;
    await ThingClient.connect(all[from].url("/from", { login: `admin:${PASSWORD}@` }));
    await ThingClient.connect(all[from].url("/from"), { credentials: { token: "secret" } });
    const expected = follows ? [BASIC, "Bearer secret"] : [undefined, undefined];
    assert.deepEqual(all[to].logins, expected, `${from} to ${to} on ${host}`);
  }
});

test("a camera that wants a login where it redirects to says that the login was not sent there", {
  timeout,
}, async (t) => {
  const guarded = createServer((_, response) => response.writeHead(401).end()).listen(
    0,
    "127.0.0.1",
  );
  t.after(() => guarded.close());
  await once(guarded, "listening");
  const from = await new Place(t, "http").listen();
  from.location = `http://127.0.0.1:${(guarded.address() as AddressInfo).port}/target`;
  const source = new MjpegHttpSource(from.url("/from", { login: `admin:${PASSWORD}@` }));
  await assert.rejects(framesOf(source, patience()).next(), ({ message }: Error) => {
    assert.match(
      message,
      /the login was not sent there \(401\)\. Use this address if it is correct\.$/,
    );
    assert.ok(!message.includes(PASSWORD));
    return true;
  });
});
