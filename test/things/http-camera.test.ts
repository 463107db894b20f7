import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { delay, ThingHost, ThingServer } from "thingscope";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { HttpCamera, type HttpCameraOptions } from "../../things/index.ts";
import { patience, TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";

const timeout = TEST_MS;

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

async function camera(
  t: TestContext,
  listener: Listener,
  options: Partial<HttpCameraOptions> = {},
): Promise<{ camera: HttpCamera; port: number }> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const camera = await opened(t, { url: `http://127.0.0.1:${port}/cam?x=1`, ...options });
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return { camera, port };
}

async function opened(t: TestContext, options: HttpCameraOptions): Promise<HttpCamera> {
  const camera = new HttpCamera({ keep_warm: true, ...options });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  t.after(() => host.close());
  return camera;
}

const stream: Listener = (_, response) => {
  response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
  let n = 0;
  const timer = setInterval(() => {
    response.write("--x\r\n\r\n");
    response.write(picture(n++));
  }, 20);
  response.on("close", () => clearInterval(timer));
};

/** Until the camera is in that state; its reason. */
async function reasonOf(camera: HttpCamera): Promise<string> {
  const signal = patience();
  while (camera.state.reason === undefined) await delay(5, signal);
  return camera.state.reason;
}

test("an address that gives one JPEG is asked again and again, one request at a time, and a picture that stays is no new frame", {
  timeout,
}, async (t) => {
  let open = 0;
  let requests = 0;
  const { camera: one } = await camera(
    t,
    async (_, response) => {
      open += 1;
      requests += 1;
      assert.equal(open, 1, "two requests were open at once");
      await delay(30);
      open -= 1;
      const jpeg = picture(Math.floor(requests / 3));
      response.writeHead(200, { "Content-Type": "image/jpeg", "Content-Length": jpeg.length });
      response.end(jpeg);
    },
    { rate: 100 },
  );
  const signal = patience();
  while (numberIn((await one.mjpeg_stream.grab(signal)).jpeg) < 3) await delay(5, signal);
  const numbers = one.mjpeg_stream.heldFrames.map(({ jpeg }) => numberIn(jpeg));
  assert.deepEqual(numbers, [...new Set(numbers)]);
  assert.ok(one.frames_unchanged > 0);
  assert.equal(new Set(one.mjpeg_stream.heldFrames.map(({ run }) => run)).size, 1);
});

test("a picture that has not been modified is asked for by its tag, and is no silence", {
  timeout,
}, async (t) => {
  const asked: (string | undefined)[] = [];
  const { camera: one } = await camera(
    t,
    (request, response) => {
      const tag = request.headers["if-none-match"];
      asked.push(tag);
      if (tag === '"a"' && asked.length < 40) response.writeHead(304).end();
      else {
        response.writeHead(200, { "Content-Type": "image/jpeg", ETag: '"a"' });
        response.end(picture(asked.length));
      }
    },
    { rate: 100, silence_ms: 100 },
  );
  const signal = patience();
  while (asked.length < 40) await delay(5, signal);
  while (one.mjpeg_stream.heldFrames.length < 2) await delay(5, signal);
  assert.deepEqual(asked.slice(0, 3), [undefined, '"a"', '"a"']);
  assert.equal(one.state.state, "streaming");
  assert.equal(new Set(one.mjpeg_stream.heldFrames.map(({ run }) => run)).size, 1);
});

const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;
const NAME = "käfer";
const PASSWORD = '100%sÿ:"re';

/** What is wrong with a Digest login, as RFC 7616 has it; undefined for a good one. */
function digestFault(
  header: string,
  algorithm: keyof typeof hashes,
  nonce: string,
): string | undefined {
  const fields = new Map(
    [...header.matchAll(/([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))/g)].map((one) => [
      one[1]!,
      (one[2] ?? one[3] ?? "").replace(/\\(.)/g, "$1"),
    ]),
  );
  const hash = (text: string) => createHash(hashes[algorithm]).update(text).digest("hex");
  const name = decodeURIComponent(fields.get("username*")?.replace(/^UTF-8''/, "") ?? "");
  if (name !== NAME || fields.get("nonce") !== nonce) return "name or nonce";
  const secret = hash(`${NAME}:the "lab":${PASSWORD}`);
  const { nc, cnonce } = Object.fromEntries(fields);
  const expected = hash(`${secret}:${nonce}:${nc}:${cnonce}:auth:${hash("GET:/cam?x=1")}`);
  if (fields.get("uri") !== "/cam?x=1" || fields.get("opaque") !== "o") return "uri or opaque";
  return fields.get("response") === expected ? undefined : "response";
}

for (const algorithm of ["MD5", "SHA-256"] as const) {
  test(`a Digest login with ${algorithm} uses a nonce again, counted, takes a new one where it is stale, and sends no password`, {
    timeout,
  }, async (t) => {
    const counts: string[] = [];
    let nonce = "n0";
    const weaker = algorithm === "MD5" ? [] : [`Digest realm="x", nonce="y", qop="auth"`];
    const { camera: one } = await camera(
      t,
      (request, response) => {
        const sent = request.headers.authorization;
        assert.doesNotMatch(sent ?? "", /^Basic/);
        if (sent && digestFault(sent, algorithm, nonce) === undefined) {
          counts.push(`${nonce} ${/nc=(\w+)/.exec(sent)?.[1]}`);
          response.writeHead(200, { "Content-Type": "image/jpeg" }).end(picture(counts.length));
          if (counts.length === 3) nonce = "n1";
          return;
        }
        const stale = sent ? ", stale=true" : "";
        response.writeHead(401, {
          "WWW-Authenticate": [
            'Basic realm="x"',
            ...weaker,
            `Digest realm="the \\"lab\\"", qop="auth-int,auth", algorithm=${algorithm}, nonce="${nonce}", opaque="o"${stale}`,
          ],
        });
        response.end();
      },
      { rate: 100, username: NAME, password: PASSWORD },
    );
    const signal = patience();
    while (counts.length < 5) await delay(5, signal);
    assert.deepEqual(counts.slice(0, 5), [
      "n0 00000001",
      "n0 00000002",
      "n0 00000003",
      "n1 00000001",
      "n1 00000002",
    ]);
    assert.doesNotMatch(JSON.stringify(one.state), /käfer|100%/);
  });
}

test("a login in the address is used as it is meant, and a wrong one is told without it", {
  timeout,
}, async (t) => {
  const listener: Listener = (request, response) => {
    const wanted = `Basic ${Buffer.from("admin:100%sure").toString("base64")}`;
    if (request.headers.authorization === wanted) stream(request, response);
    else response.writeHead(401, { "WWW-Authenticate": 'Basic realm="x"' }).end();
  };
  const { camera: none, port } = await camera(t, listener);
  const url = (login: string) => `http://${login}@127.0.0.1:${port}/x`;
  assert.match(await reasonOf(none), /requires a login \(401\).*username and password/);
  const right = await opened(t, { url: url("admin:100%sure") });
  await right.mjpeg_stream.nextFrame(patience());
  const wrong = await opened(t, { url: url("admin:pssst") });
  const reason = await reasonOf(wrong);
  assert.match(reason, /refuses the login \(401\)/);
  assert.doesNotMatch(reason, /pssst/);
});

test("a camera's own certificate is refused with its fingerprint, which trust takes; another one is refused then", {
  timeout,
}, async (t) => {
  const files = await selfSigned({ names: ["elsewhere"], days: 10 });
  let requests = 0;
  const server = createSecureServer(files, (request, response) => {
    requests += 1;
    stream(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `https://me:secret@127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const reason = await reasonOf(await opened(t, { url }));
  const [trust = ""] = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(reason) ?? [];
  assert.match(reason, /its certificate is not trusted \(self-signed certificate\).*set trust/);
  assert.equal(requests, 0);
  for (const written of [trust, `sha256:${trust.replaceAll(":", "").toLowerCase()}`]) {
    const trusting = await opened(t, { url, trust: written });
    await trusting.mjpeg_stream.nextFrame(patience());
  }
  const other = await opened(t, { url, trust: trust.replace(/^../, "00") });
  assert.match(await reasonOf(other), /it shows another certificate than the trusted one/);
  assert.throws(() => new HttpCamera({ url, trust: "none" }), { code: "BAD_CONFIG" });
});

test("its limits reach the source, and one out of range is refused in a sentence", {
  timeout,
}, async (t) => {
  const silent: Listener = (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
    response.flushHeaders();
  };
  const { camera: slow } = await camera(t, silent, { start_ms: 300, silence_ms: 0 });
  assert.match(await reasonOf(slow), /sent no picture for 0 s|no first frame came for 0\.3 s/);
  const large: Listener = (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
    response.write("--x\r\n\r\n\xff\xd8\xff\xe0", "latin1");
    const more = setInterval(() => response.write(Buffer.alloc(2000)), 5);
    response.on("close", () => clearInterval(more));
  };
  const { camera: endless } = await camera(t, large, { max_frame_bytes: 10_000 });
  assert.match(await reasonOf(endless), /at most 10000 are allowed/);
  assert.ok(endless.mjpeg_stream.stats.outages > 0);
  for (const [name, value] of [
    ["rate", 0],
    ["start_ms", -1],
    ["max_frame_bytes", 3],
  ])
    assert.throws(() => new HttpCamera({ url: "http://x/", [name!]: value }), {
      message: new RegExp(`^${name} is ${value}; give a number from`),
    });
});

test("what a camera sends beside new pictures stands in /metrics: other parts, and pictures that stay", {
  timeout,
}, async (t) => {
  const { camera: one } = await camera(t, (_, response) => {
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=x" });
    for (let n = 0; n < 3; n++) {
      response.write("--x\r\nContent-Type: audio/basic\r\n\r\nnoise\r\n");
      response.write("--x\r\nContent-Type: text/plain\r\n\r\n"); // its type is wrong
      response.write(Buffer.concat([picture(n), Buffer.from("\r\n--x\r\n")]));
    }
  });
  const signal = patience();
  while (one.mjpeg_stream.stats.added < 3) await delay(5, signal);
  assert.deepEqual(
    [one.parts_skipped, one.mjpeg_stream.stats.partsSkipped, one.mjpeg_stream.stats.added],
    [3, 3, 3],
  );
  const { camera: still } = await camera(
    t,
    (_, response) => response.writeHead(200, { "Content-Type": "image/jpeg" }).end(picture(1)),
    { rate: 100 },
  );
  while (still.frames_unchanged < 2) await delay(5, signal);
  assert.ok(still.mjpeg_stream.stats.unchangedPictures >= 2);
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("odd", new HttpCamera({ url: "http://127.0.0.1:1/" }));
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url } = await server.listen({ port: 0 });
  const metrics = await (await fetch(new URL("/metrics", url))).text();
  for (const name of ["unchanged_pictures", "skipped_parts"])
    assert.match(metrics, new RegExp(`^thingscope_stream_${name}_total\\{thing="odd".* 0$`, "m"));
});
