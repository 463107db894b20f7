import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { descriptorOf, limitUnsent, tcpLowat, UNSENT_BYTES } from "../../src/base/unsent.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

test("sockets inherit the limit of the listener that accepts them", { timeout }, async (t) => {
  const { server, accepted } = await stalledViewer({ limited: true });
  t.after(() => server.close());
  t.after(() => accepted.destroy());
  assert.equal(addon().getNotSentLowWater(fdOf(accepted)), UNSENT_BYTES);
});

test("a stalled viewer has a few kilobytes unsent, not megabytes", { timeout }, async (t) => {
  const unsent = { limited: 0, unlimited: 0 };
  for (const kind of ["limited", "unlimited"] as const) {
    const { server, accepted } = await stalledViewer({ limited: kind === "limited" });
    t.after(() => server.close());
    t.after(() => accepted.destroy());
    accepted.write(Buffer.alloc(16 * 1024 * 1024));
    unsent[kind] = addon().unsentBytes(fdOf(accepted));
  }
  assert.ok(unsent.limited < 150_000, `${unsent.limited} bytes are unsent`);
  assert.ok(unsent.unlimited > 5 * unsent.limited, JSON.stringify(unsent));
});

function addon() {
  const built = tcpLowat();
  assert.ok(built, "The addon tcp-lowat is not built. Run: scripts/setup");
  return built;
}

/** A connection whose viewer never reads, seen from the server. */
async function stalledViewer({ limited }: { limited: boolean }): Promise<{
  server: Server;
  accepted: Socket;
}> {
  addon();
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  if (limited) assert.equal(limitUnsent(server, silentLog), true);
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const viewer = connect(address.port, "127.0.0.1").on("error", () => {});
  viewer.pause();
  const [accepted]: Socket[] = await once(server, "connection");
  assert.ok(accepted);
  accepted.on("error", () => {}).on("close", () => viewer.destroy());
  return { server, accepted };
}

function fdOf(socket: Socket): number {
  const fd = descriptorOf(socket);
  assert.ok(fd !== undefined);
  return fd;
}
