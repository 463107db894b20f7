import "reflect-metadata"; // must be loaded before @peculiar/x509
import assert from "node:assert/strict";
import { KeyObject, webcrypto } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { nkeys } from "@nats-io/transport-node";
import {
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { Fleet } from "thingscope/fleet";
import { selfSigned } from "../../../src/server/access/tls/self-signed.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { clientFor, memberFor } from "./members.ts";
import { natsServerFor } from "./nats-server.ts";

/** Why it is no member; undefined once it is one. */
async function whyNot(fleet: Fleet): Promise<string | undefined> {
  const signal = patience();
  while (fleet.status.state !== "running" && !fleet.status.reason) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return fleet.status.reason;
}

test("with TLS and an NKey the broker lets a member and a client in, and says so when either is wrong", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder();
  const path = (name: string) => join(folder, name);
  const { cert, key } = await selfSigned({ names: ["127.0.0.1"], days: 30 });
  const [right, wrong] = [nkeys.createUser(), nkeys.createUser()];
  const seed = (pair: typeof right) => `${Buffer.from(pair.getSeed()).toString()}\n`;
  for (const [name, text] of [
    ["ca.pem", cert],
    ["key.pem", key],
    ["right.nk", seed(right)],
    ["wrong.nk", seed(wrong)],
  ] as const)
    await writeFile(path(name), text);
  const { url } = await natsServerFor(
    t,
    `tls { cert_file: "${path("ca.pem")}", key_file: "${path("key.pem")}" }
authorization { users: [ { nkey: ${right.getPublicKey()} } ] }`,
  );
  const options = {
    servers: [url],
    credentials: { nkey_file: path("right.nk") },
    tls: { ca_file: path("ca.pem") },
  };
  const one = await memberFor(t, { ...options, name: "one" }, { joins: false });
  assert.equal(await whyNot(one.fleet), undefined);
  await one.fleet.joined;
  const { url: root } = one;
  const client = await clientFor(t, options);
  const signal = patience();
  while (client.members.length === 0) {
    signal.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const answer = await client.fetch(`${root}/stage/position`);
  assert.deepEqual(await answer.json(), { x: 0, y: 0, z: 0 });

  for (const [different, reason] of [
    [{ credentials: { nkey_file: path("wrong.nk") } }, /can be used \(.*Authorization Violation/i],
    [{ tls: {} }, /can be used \(.*self-signed certificate/],
    [{ tls: { ca_file: path("none") } }, /none' in 'fleet' cannot be read/],
  ] as const) {
    const wanted = { ...options, ...different, name: "two" };
    const { fleet } = await memberFor(t, wanted, { joins: false });
    assert.match((await whyNot(fleet)) ?? "", reason);
  }
});

/** A certificate that its own key signs, for clients. */
async function clientCertificate(): Promise<{ cert: string; key: string }> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...{ keys, signingAlgorithm: algorithm, name: [{ CN: ["bench-1"] }] },
    notBefore: new Date(Date.now() - 24 * 3600_000),
    notAfter: new Date(Date.now() + 24 * 3600_000),
    extensions: [new ExtendedKeyUsageExtension([ExtendedKeyUsage.clientAuth])],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { cert: `${certificate.toString("pem")}\n`, key: key.toString() };
}

test("with the client certificate that the broker asks for a member is let in, and without one it says so", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder();
  const path = (name: string) => join(folder, name);
  const server = await selfSigned({ names: ["127.0.0.1"], days: 30 });
  const client = await clientCertificate();
  for (const [name, text] of [
    ["ca.pem", server.cert],
    ["key.pem", server.key],
    ["client.pem", client.cert],
    ["client-key.pem", client.key],
  ] as const)
    await writeFile(path(name), text);
  const { url } = await natsServerFor(
    t,
    `tls { cert_file: "${path("ca.pem")}", key_file: "${path("key.pem")}", ca_file: "${path("client.pem")}", verify: true }`,
  );
  const tls = { ca_file: "ca.pem", cert_file: "client.pem", key_file: "client-key.pem" };
  const inFolder = Object.fromEntries(Object.entries(tls).map(([key, name]) => [key, path(name)]));
  const one = await memberFor(t, { servers: [url], name: "one", tls: inFolder }, { joins: false });
  assert.equal(await whyNot(one.fleet), undefined);
  await one.fleet.joined;

  const without = { ca_file: path("ca.pem") };
  const two = await memberFor(t, { servers: [url], name: "two", tls: without }, { joins: false });
  assert.match((await whyNot(two.fleet)) ?? "", /can be used \(.*certificate required\)\. Check/);
});
