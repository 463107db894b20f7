import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, stat, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connect } from "node:tls";
import { promisify } from "node:util";
import WebSocket from "ws";
import { MultipartParser } from "../../../src/frames/wire/multipart.ts";
import {
  fingerprintOf,
  givenCertificate,
  lanAddresses,
  ownCertificate,
} from "../../../src/server/access/tls/certificate-files.ts";
import { selfSigned } from "../../../src/server/access/tls/self-signed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { bearer, secured } from "../secured.ts";

const DAY_MS = 24 * 3600_000;
const timeout = TEST_MS;

const newFolder = () => mkdtemp(join(tmpdir(), "thingscope-tls-"));

interface Answer {
  status: number;
  headers: Record<string, unknown>;
  body: AsyncIterable<Buffer>;
}

/** One request over TLS by a client that trusts this certificate and no other. */
async function askSecurely(
  { port, ca, path }: { port: number; ca: string; path: string },
  headers: Record<string, string>,
  body = "",
): Promise<Answer> {
  const method = body ? "POST" : "GET";
  const sent = request({ host: "127.0.0.1", port, path, ca, headers, method, agent: false });
  sent.end(body);
  const [response] = await once(sent, "response");
  return { status: response.statusCode, headers: response.headers, body: response };
}

test("a certificate of our own is one that others understand", { timeout }, async () => {
  const names = ["lab.example", "lab.local", "192.168.1.7", "::1", "fd00::12:3", "2001:db8::"];
  const from = Date.parse("2026-03-01T12:00:00Z");
  const { cert, key } = await selfSigned({ names, days: 825, from });
  const certificate = new X509Certificate(cert);
  assert.equal(
    certificate.subjectAltName,
    "DNS:lab.example, DNS:lab.local, IP Address:192.168.1.7, IP Address:0:0:0:0:0:0:0:1, " +
      "IP Address:FD00:0:0:0:0:0:12:3, IP Address:2001:DB8:0:0:0:0:0:0",
  );
  assert.equal(certificate.subject, "CN=lab.example");
  assert.equal(certificate.validFrom, "Feb 28 12:00:00 2026 GMT");
  assert.equal(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom), 825 * DAY_MS);
  assert.ok(certificate.verify(certificate.publicKey));
  assert.ok(!certificate.ca);
  assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
  assert.ok(certificate.checkHost("lab.local"));
  assert.ok(certificate.checkIP("192.168.1.7"));
  const notACa = "0603551d13" + "0101ff" + "04023000"; // the default is not written: DER, X.690, 11.5
  assert.ok(certificate.raw.toString("hex").includes(notACa));
});

test("names in other alphabets, brackets and all forms of addresses are certified once", {
  timeout,
}, async () => {
  const folder = await newFolder();
  const names = ["Sp\u00e4ti.lab", "[FD00:0::1]", "fe80::1%eth0", "::ffff:192.0.2.7", "a_b"];
  const { cert } = await ownCertificate(folder, { names });
  const certificate = new X509Certificate(cert);
  for (const address of ["fd00::1", "fe80::1", "::ffff:192.0.2.7"])
    assert.ok(certificate.checkIP(address), address);
  for (const name of ["xn--spti-moa.lab", "a_b"]) assert.ok(certificate.checkHost(name), name);
  assert.ok(!(await ownCertificate(folder, { names })).isNew);
});

test("a date after 2049 is written with four digits of the year", { timeout }, async () => {
  const { cert } = await selfSigned({ names: ["a"], days: 825, from: Date.parse("2049-06-01") });
  assert.equal(new X509Certificate(cert).validTo, "Sep  3 00:00:00 2051 GMT");
});

test("OpenSSL finds nothing wrong with it", { timeout }, async () => {
  const folder = await newFolder();
  await ownCertificate(folder);
  const file = join(folder, "certificate.pem");
  const run = promisify(execFile);
  const verified = await run("openssl", ["verify", "-x509_strict", "-CAfile", file, file]).catch(
    (error) => error, // a certificate that is not a CA's is not one for it: everything else would be said
  );
  assert.doesNotMatch(`${verified.stdout}${verified.stderr}`, /(asn1|malformed|bad|unsupported)/i);
  const { stdout } = await run("openssl", ["x509", "-in", file, "-noout", "-text"]);
  assert.match(stdout, /Public Key Algorithm: id-ecPublicKey/);
  assert.match(stdout, /X509v3 Extended Key Usage: *\n +TLS Web Server Authentication/);
});

test("the certificate is made once, kept to this user, and made anew when it ends or names change", {
  timeout,
}, async () => {
  const folder = await newFolder();
  const first = await ownCertificate(folder);
  assert.ok(first.isNew);
  for (const name of ["certificate.pem", "key.pem"]) {
    assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600);
  }
  const again = await ownCertificate(folder);
  assert.deepEqual([again.isNew, again.cert], [false, first.cert]);
  const named = await ownCertificate(folder, { names: ["scope.lab.example"] });
  assert.ok(named.isNew);
  const names = new X509Certificate(named.cert).subjectAltName ?? "";
  for (const name of ["scope.lab.example", "localhost", "127.0.0.1", ...lanAddresses()]) {
    assert.ok(names.includes(name), name);
  }
  assert.ok(!(await ownCertificate(folder)).isNew);
  assert.ok(!(await ownCertificate(folder, { now: Date.now() + 790 * DAY_MS })).isNew);
  assert.ok((await ownCertificate(folder, { now: Date.now() + 796 * DAY_MS })).isNew);
  await writeFile(join(folder, "certificate.pem"), "broken");
  assert.ok((await ownCertificate(folder)).isNew);
});

test("a certificate that was given is checked before anything listens", { timeout }, async () => {
  const folder = await newFolder();
  const [cert, key, other] = ["certificate.pem", "key.pem", "other.pem"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await ownCertificate(folder);
  await writeFile(other, (await selfSigned({ names: ["a"], days: 1 })).key);
  assert.equal((await givenCertificate(cert, key)).cert, await readFile(cert, "utf8"));
  for (const [files, reason] of [
    [[cert, other], /does not belong to the certificate/],
    [[join(folder, "none.pem"), key], /ENOENT/],
    [[key, cert], /cannot be used/],
  ] as const) {
    await assert.rejects(givenCertificate(files[0], files[1]), {
      code: "BAD_ARGUMENT",
      message: reason,
    });
  }
  const late = Date.now() + 900 * DAY_MS;
  await assert.rejects(givenCertificate(cert, key, late), { message: /expired on/ });
});

test("frames, values and WebSockets travel over TLS, and the cookie is for TLS alone", {
  timeout,
}, async (t) => {
  const tls = await ownCertificate(await newFolder());
  const { port, url, camera, tokens } = await secured(t, { tls });
  assert.equal(url, `https://127.0.0.1:${port}`);
  const at = (path: string) => ({ port, ca: tls.cert, path });
  const headers = bearer(tokens.operate);
  assert.equal((await askSecurely(at("/camera/gain"), {})).status, 401);
  assert.equal((await askSecurely(at("/camera/gain"), headers)).status, 200);
  const json = { "Content-Type": "application/json" };
  const body = JSON.stringify({ token: tokens.view });
  const login = await askSecurely(at("/login"), json, body);
  assert.match(String(login.headers["set-cookie"]), /; SameSite=Strict; Secure$/);
  const td = await askSecurely(at("/camera/"), headers);
  assert.equal(JSON.parse(await textOf(td.body)).base, `${url}/`);

  const jpeg = await jpegOf(640, 480);
  const source = setInterval(() => camera.live.addFrame(jpeg), 10);
  t.after(() => clearInterval(source));
  const stream = await askSecurely(at("/camera/live"), headers);
  const parser = new MultipartParser();
  const indices: number[] = [];
  for await (const chunk of stream.body) {
    for (const part of parser.push(chunk)) {
      assert.deepEqual(Buffer.from(part.body), Buffer.from(jpeg));
      indices.push(Number(part.headers.get("x-frame-index")));
    }
    if (indices.length >= 30) break;
  }
  assert.deepEqual(
    indices,
    [...indices].sort((a, b) => a - b),
  );

  const socket = new WebSocket(`wss://127.0.0.1:${port}/camera/ws`, { headers, ca: tls.cert });
  await once(socket, "open");
  socket.close();
});

test("a viewer over TLS that takes nothing holds up nobody, and is let go", {
  timeout,
}, async (t) => {
  const tls = await ownCertificate(await newFolder());
  const { port, camera, tokens } = await secured(t, { tls });
  const jpeg = await jpegOf(1600, 1200);
  const source = setInterval(() => camera.live.addFrame(jpeg), 5);
  t.after(() => clearInterval(source));
  const stalled = connect({ host: "127.0.0.1", port, ca: tls.cert });
  t.after(() => stalled.destroy());
  await once(stalled, "secureConnect");
  stalled.pause();
  stalled.write(
    `GET /camera/live HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${tokens.view}\r\n\r\n`,
  );
  while (camera.live.stats.skippedFrames < 20)
    await new Promise((resolve) => setTimeout(resolve, 10));
  const headers = bearer(tokens.view);
  const snapshot = { port, ca: tls.cert, path: "/camera/live/snapshot?fresh=1" };
  assert.equal((await askSecurely(snapshot, headers)).status, 200);
});

test("the fingerprint is what a browser shows", { timeout }, async (t) => {
  const tls = await ownCertificate(await newFolder());
  const { port } = await secured(t, { tls });
  const socket = connect({ host: "127.0.0.1", port, ca: tls.cert });
  await once(socket, "secureConnect");
  assert.equal(socket.getPeerCertificate().fingerprint256, fingerprintOf(tls));
  socket.destroy();
});

async function textOf(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
