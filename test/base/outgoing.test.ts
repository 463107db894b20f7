import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { checkedLookup, isMetadataAddress } from "../../src/base/outgoing.ts";
import { decodePercent } from "../../src/base/percent.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { patience, TEST_MS } from "../limits.ts";
import { framesOf } from "../sources/reading.ts";

const FORBIDDEN = [
  "169.254.169.254",
  "169.254.169.254.",
  "2852039166",
  "0xA9FEA9FE",
  "0xa9.0xfe.0xa9.0xfe",
  "0251.0376.0251.0376",
  "169.254.43518",
  "169.16689662",
  "①⑥⑨.254.169.254",
  "%31%36%39.254.169.254",
  "[::ffff:169.254.169.254]",
  "[::ffff:a9fe:a9fe]",
  "[0:0:0:0:0:ffff:a9fe:a9fe]",
  "[64:ff9b::a9fe:a9fe]",
  "[::a9fe:a9fe]",
  "169.254.170.2",
  "100.100.100.200",
  "[fd00:ec2::254]",
  "[FD00:0EC2:0:0::254]",
];
const ALLOWED = ["127.0.0.1", "[::1]", "169.254.12.7", "169.254.169.253", "[fe80::1]", "camera"];

test("an address where clouds keep secrets is known in each spelling that a URL takes", async () => {
  for (const host of FORBIDDEN) {
    const url = new URL(`http://${host}/latest`);
    assert.ok(isMetadataAddress(url.hostname), host);
    const frames = framesOf(new MjpegHttpSource(url.href), patience());
    await assert.rejects(frames.next(), /is a cloud metadata address/, host);
  }
  for (const host of ALLOWED)
    assert.ok(!isMetadataAddress(new URL(`http://${host}/`).hostname), host);
});

test("a spelling that only the system's look-up understands is refused at the connection", {
  timeout: TEST_MS,
}, async () => {
  for (const host of ["2852039166", "0xa9fea9fe"]) {
    const socket = connect({ host, port: 80, lookup: checkedLookup });
    const error = await new Promise<Error>((resolve) => socket.on("error", resolve));
    assert.match(error.message, /resolves to 169\.254\.169\.254, where a cloud keeps its secrets/);
  }
});

test("a redirect to such an address is not followed", { timeout: TEST_MS }, async (t) => {
  const server = createServer((_, response) => {
    response.writeHead(302, { Location: "http://2852039166/latest/meta-data" }).end();
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await new Promise((resolve) => server.on("listening", resolve));
  const { port } = server.address() as { port: number };
  const frames = framesOf(new MjpegHttpSource(`http://127.0.0.1:${port}/`), patience());
  await assert.rejects(frames.next(), /redirects to another host, 169\.254\.169\.254/);
});

test("a percent sign in a password may be written as it is, or as %25", () => {
  const passwords = {
    "100%sure": "100%sure",
    "100%25sure": "100%sure",
    "%C3%A4%zz%": "ä%zz%",
    "%ff": "%ff",
  };
  for (const [written, meant] of Object.entries(passwords)) {
    assert.equal(decodePercent(new URL(`http://admin:${written}@host/`).password), meant, written);
  }
});
