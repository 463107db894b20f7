import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import {
  type EndpointRequest,
  type EndpointResponse,
  endpoint,
  Thing,
  ThingHost,
  ThingServer,
} from "thingscope";
import WebSocket from "ws";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";

/** Reads messages until one says stop, and notes how that ended. */
class Listener extends Thing {
  readonly read: string[] = [];
  ended: unknown;

  @endpoint("GET", "messages", "view", "Messages", { body: "messages" })
  async messages({ readMessages }: EndpointRequest): Promise<EndpointResponse> {
    const take = (message: Uint8Array | string) => {
      this.read.push(String(message));
      if (message === "stop") throw new Error("It was told to stop.");
    };
    await readMessages(take, 1000).catch((error) => {
      this.ended = error;
      throw error;
    });
    return { contentType: "application/json", body: {} };
  }
}

async function listening(t: TestContext) {
  const thing = new Listener();
  const host = new ThingHost();
  host.add("listener", thing);
  const server = new ThingServer(host);
  t.after(() => server.close());
  return { thing, ...(await server.listen({ port: 0 })) };
}

test("a WebSocket whose handshake is wrong ends what waited for its messages", {
  timeout: TEST_MS,
}, async (t) => {
  const { thing, port } = await listening(t);
  const socket = connect(port, "127.0.0.1");
  t.after(() => socket.destroy());
  const head = ["GET /listener/messages HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade"];
  const offer = ["Upgrade: websocket", "Sec-WebSocket-Version: 5", "Sec-WebSocket-Key: x"];
  socket.write([...head, ...offer, "", ""].join("\r\n"));
  const [answer] = (await once(socket, "data")) as [Buffer];
  assert.match(String(answer), /^HTTP\/1\.1 400 /);
  await eventually(() => thing.ended !== undefined);
});

test("what comes after a message that was refused is not read", { timeout: TEST_MS }, async (t) => {
  const { thing, port } = await listening(t);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/listener/messages`);
  await once(socket, "open");
  for (const message of ["one", "stop", "two"]) socket.send(message);
  await once(socket, "close");
  assert.deepEqual(thing.read, ["one", "stop"]);
});
