import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import type { ServerOptions } from "thingscope";
import { WebSocket } from "ws";
import { litRoom } from "../conformance/lamp.ts";
import { clientOf } from "./websocket-bench.ts";

type Json = Record<string, unknown>;
export type Consumer = Awaited<ReturnType<typeof consumerOf>>;

/** A lamp, and how to open its WebSocket for the Web Thing Protocol. */
export async function webThing(t: TestContext, options: ServerOptions = {}) {
  const room = await litRoom(t, options);
  const url = `${room.url.replace("http", "ws")}/lamp/ws`;
  return { ...room, wsUrl: url, connect: () => consumerOf(t, url) };
}

/** A client that asks, and is told. */
export async function consumerOf(
  t: TestContext,
  url: string,
  headers: Record<string, string> = {},
) {
  const socket = new WebSocket(url, "webthingprotocol", { headers });
  const { client, say, next } = await clientOf(socket);
  t.after(() => client.terminate());
  const told = async () => (await next()) as Json;
  return {
    client,
    say,
    /** The next message, whatever it is. */
    told,
    /** The answer to a request; it has to be the next message. */
    async ask(operation: string, members: Json = {}): Promise<Json> {
      say({ messageType: "request", messageID: "x", operation, ...members });
      const answer = await told();
      assert.deepEqual([answer.messageType, answer.operation], ["response", operation]);
      return answer;
    },
  };
}
