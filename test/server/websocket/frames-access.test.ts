import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { MJPEGStream, stream, Thing } from "thingscope";
import { ownCertificate } from "../../../src/server/access/tls/certificate-files.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { bearer, logIn, secured } from "../secured.ts";
import { served } from "../thing-bench.ts";
import { framesClient } from "./frames-client.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(320, 240);

class Watched extends Thing {
  @stream("Live view")
  readonly live = new MJPEGStream();
}

async function watched(t: TestContext, server = {}) {
  const camera = new Watched();
  return { live: camera.live, ...(await served(t, { camera }, { server })) };
}

test("behind a prefix it is behind the prefix, and a plain GET is told to open it as a WebSocket", {
  timeout,
}, async (t) => {
  const { url, live } = await watched(t, { apiPrefix: "/lab/one" });
  const client = await framesClient(t, `${url}/lab/one`);
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  live.addFrame(JPEG);
  await client.frame();
  const answer = await fetch(`${url}/lab/one/frames`);
  assert.deepEqual([answer.status, Object(await answer.json()).code], [426, "UPGRADE_REQUIRED"]);
});

test("a page of another origin gets no WebSocket", { timeout }, async (t) => {
  const { url } = await watched(t);
  const client = framesClient(t, url, { origin: "http://evil.example" });
  await assert.rejects(client, /403/);
  await framesClient(t, url, { origin: url });
});

test("when the server closes, the socket is closed as going away", { timeout }, async (t) => {
  const { url, server } = await watched(t);
  const client = await framesClient(t, url);
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  const closed = once(client.socket, "close");
  await server.close();
  assert.equal((await closed)[0], 1001);
});

test("where there are accounts, who may view gets pictures, and nobody else", {
  timeout,
}, async (t) => {
  const { port, tokens } = await secured(t);
  const url = `http://127.0.0.1:${port}`;
  await assert.rejects(framesClient(t, url), /401/);
  await assert.rejects(framesClient(t, url, { headers: bearer("ts_wrong") }), /401/);
  const client = await framesClient(t, url, { headers: bearer(tokens.view) });
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  const { cookie } = await logIn(port, { token: tokens.view });
  await framesClient(t, url, { headers: { Cookie: cookie } });
  assert.equal((await fetch(`${url}/frames`)).status, 401); // by which a page learns why
});

test("frames come over TLS", { timeout }, async (t) => {
  const tls = await ownCertificate(await mkdtemp(join(tmpdir(), "thingscope-tls-")));
  const { url, camera, tokens } = await secured(t, { tls });
  const client = await framesClient(t, url, { headers: bearer(tokens.view), ca: tls.cert });
  client.subscribe(1, "camera/live");
  await client.status(1, "opening");
  camera.live.addFrame(JPEG);
  assert.deepEqual((await client.frame()).jpeg, Buffer.from(JPEG));
});
