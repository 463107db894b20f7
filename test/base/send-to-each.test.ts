import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { TLSSocket } from "node:tls";
import { plainHandleOf, sendToEach } from "../../src/base/send-to-each.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const BYTES = Buffer.from("a picture");

test("each socket gets all bytes, from the kernel or from write", { timeout }, async (t) => {
  const pairs = [await connected(t), await connected(t)];
  const targets = pairs.map(({ accepted }) => ({ handle: plainHandleOf(accepted) }));
  const taken = [...sendToEach(targets, BYTES)];
  for (const [i, { accepted, viewer }] of pairs.entries()) {
    accepted.write(BYTES.subarray(taken[i]));
    accepted.end();
    assert.equal(await allOf(viewer), "a picture");
  }
});

test("a socket that has closed takes nothing", { timeout }, async (t) => {
  const { accepted } = await connected(t);
  const target = { handle: plainHandleOf(accepted) };
  accepted.destroy();
  await once(accepted, "close");
  assert.equal(sendToEach([target], BYTES)[0], 0);
});

test("more sockets than ever before are no problem", () => {
  const targets = Array.from({ length: 1000 }, () => ({ handle: undefined }));
  assert.ok(
    sendToEach(targets, BYTES)
      .subarray(0, 1000)
      .every((taken) => taken === 0),
  );
});

test("an encrypted socket is never written to past its encryption", { timeout }, async (t) => {
  const { accepted } = await connected(t);
  assert.notEqual(plainHandleOf(accepted), undefined);
  const encrypted = new TLSSocket(accepted, { isServer: true });
  encrypted.on("error", () => {});
  assert.equal(plainHandleOf(encrypted), undefined);
});

async function connected(t: TestContext): Promise<{ viewer: Socket; accepted: Socket }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const viewer = connect(address.port, "127.0.0.1");
  viewer.on("error", () => {});
  const [accepted]: Socket[] = await once(server, "connection");
  assert.ok(accepted);
  accepted.on("error", () => {});
  t.after(() => {
    viewer.destroy();
    accepted.destroy();
    server.close();
  });
  return { viewer, accepted };
}

async function allOf(viewer: Socket): Promise<string> {
  let text = "";
  for await (const chunk of viewer) text += chunk;
  return text;
}
