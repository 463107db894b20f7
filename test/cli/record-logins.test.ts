import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import type { ClientIo } from "../../src/cli/client-output.ts";
import { record } from "../../src/cli/record.ts";
import { snapshot } from "../../src/cli/snapshot.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor } from "../things/recorder-server.ts";
import { Terminal } from "./terminal.ts";

const timeout = TEST_MS;

test("a camera that only takes Digest, at an address that ends in a slash, is recorded and asked once for a picture; no password is sent to it in clear", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const told: string[] = [];
  const server = createServer((request, response) => {
    const { authorization = "" } = request.headers;
    told.push(authorization);
    if (!isDigest(authorization, request.url ?? "")) {
      const digest = 'Digest realm="cam", nonce="n1", qop="auth,auth-int", algorithm=SHA-256';
      response.writeHead(401, { "WWW-Authenticate": digest }).end();
      return;
    }
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    const timer = setInterval(() => {
      response.write("--here\r\n\r\n");
      response.write(jpeg);
    }, 20);
    response.on("close", () => clearInterval(timer));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  const folder = await folderFor(t);
  const credentials = { username: "änn", password: "pä%ss" };
  const inAddress = `http://${encodeURIComponent("änn")}:p%C3%A4%25ss@127.0.0.1:${port}/cam/`;
  for (const target of [
    { url: `http://127.0.0.1:${port}/cam/`, credentials },
    { url: inAddress, credentials: undefined },
  ]) {
    const out = new Terminal();
    const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
    await record(io, target, { seconds: 0.2, out: folder });
    assert.equal(JSON.parse(out.text).ended, "stopped");
    await snapshot(io, target, { output: join(folder, "one.jpg"), wait: 10 });
    const wrong = {
      url: `http://127.0.0.1:${port}/cam/`,
      credentials: { username: "x", password: "y" },
    };
    for (const refused of [
      () => record(io, wrong, { out: folder }),
      () => record(io, { ...wrong, url: wrong.url.slice(0, -1) }, { out: folder }),
      () => snapshot(io, wrong, { output: join(folder, "two.jpg"), wait: 10 }),
    ])
      await assert.rejects(refused, /401|login/);
  }
  assert.deepEqual(
    told.filter((one) => one.startsWith("Basic")),
    [],
  );
});

/** Whether this is the answer to the challenge of the camera above. */
function isDigest(authorization: string, path: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest("hex");
  const field = (name: string) => new RegExp(`\\b${name}="?([^",]+)`).exec(authorization)?.[1];
  const secret = hash("änn:cam:pä%ss");
  const counted = `${field("nc")}:${field("cnonce")}:auth`;
  return field("response") === hash(`${secret}:n1:${counted}:${hash(`GET:${path}`)}`);
}
