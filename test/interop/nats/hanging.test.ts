import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { FleetClient } from "thingscope/fleet";
import { TEST_MS } from "../../limits.ts";
import { clientFor, memberFor, until } from "./members.ts";
import { sharedNats } from "./nats-server.ts";

const timeout = TEST_MS;

/** A NATS server that takes connections and hangs, and the connections that it has had. */
async function hanging(t: TestContext, says = "") {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on("error", () => {}).resume());
    if (says) socket.end(says);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  return { url: `nats://127.0.0.1:${(server.address() as AddressInfo).port}`, sockets };
}

test("a fleet is reached by the NATS server that answers, while others hang, and no connection to those is left", {
  timeout,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  const holes = await Promise.all([hanging(t), hanging(t)]);
  const servers = [...holes.map((hole) => hole.url), url];
  const [one] = await Promise.all([
    memberFor(t, { servers, name: "one", fleet }),
    memberFor(t, { servers: [url], name: "two", fleet }),
  ]);
  const client = await clientFor(t, { servers, fleet });
  await until(
    () => client.members.length === 2,
    (listener) => client.onChange(listener),
  );
  assert.equal(one.fleet.health().connected, true);
  for (const { sockets } of holes) await allClosed(sockets);
});

test("a NATS server that hangs, ends connections or speaks something else is told of, and nothing is left open", {
  timeout,
}, async (t) => {
  for (const [says, why] of [
    ["", /does not answer in time/],
    ["SSH-2.0-OpenSSH_9.2\r\n", /unexpected response|closed|timeout/],
  ] as const) {
    const { url, sockets } = await hanging(t, says);
    await assert.rejects(FleetClient.connect({ servers: [url] }), {
      code: "PROGRAM_REFUSED",
      message: new RegExp(
        `^No NATS server of ${url} can be used \\(.*(${why.source}).*\\)\\. Check`,
      ),
    });
    await allClosed(sockets);
  }
});

async function allClosed(sockets: readonly Socket[]): Promise<void> {
  assert.ok(sockets.length > 0);
  await Promise.all(sockets.map((socket) => socket.destroyed || once(socket, "close")));
}
