import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { action, type Log, property, Thing, ThingHost } from "thingscope";
import { Type } from "typebox";
import { WebSocket } from "ws";
import { silentLog } from "../../src/base/log.ts";
import { AccessPolicy } from "../../src/server/access/policy.ts";
import { serveWebSockets, type WebSockets } from "../../src/server/websocket/server.ts";
import { serverFor } from "./requests.ts";

export class Lamp extends Thing {
  @property("Power", Type.Number()) accessor power = 0;
  @property("Label", Type.String()) accessor label = "";
  @property("A loop", Type.Unknown()) accessor loop: unknown = null;
  @property("Heat", Type.Number()) get heat(): number {
    return this.power * 2;
  }
  @action("Blink") async blink(): Promise<void> {}
  @action("Fail") async fail(): Promise<void> {
    throw new Error("The bulb is gone.");
  }
}

export interface Bench {
  port: number;
  lamp: Lamp;
  host: ThingHost;
  sockets: WebSockets;
  url: string;
}

export async function benchFor(
  test: TestContext,
  options = {},
  log: Log = silentLog,
): Promise<Bench> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder });
  const lamp = new Lamp();
  host.add("lamp", lamp);
  await host.open();
  const { port, server } = await serverFor(test, (request, response) =>
    response.end(`plain ${request.url}`),
  );
  const policy = new AccessPolicy();
  const sockets = serveWebSockets({ server, host, policy, prefix: "/api", log, ...options });
  test.after(() => sockets.close());
  return { port, lamp, host, sockets, url: `ws://127.0.0.1:${port}/api/lamp/ws` };
}

/** A client, and its messages in order as they are asked for. */
export async function clientOf(
  url: string | WebSocket,
  options = {},
): Promise<{ client: WebSocket; say(message: unknown): void; next(): Promise<unknown> }> {
  const client = typeof url === "string" ? new WebSocket(url, options) : url;
  const messages: unknown[] = [];
  client.on("message", (data) => messages.push(JSON.parse(data.toString())));
  await once(client, "open");
  return {
    client,
    say: (message) => client.send(typeof message === "string" ? message : JSON.stringify(message)),
    async next() {
      while (messages.length === 0) await once(client, "message");
      return messages.shift();
    },
  };
}

export const observeProperties = (...names: string[]) => ({
  messageType: "addPropertyObservation",
  data: Object.fromEntries(names.map((name) => [name, true])),
});
export const observeActions = (...names: string[]) => ({
  messageType: "addActionObservation",
  data: Object.fromEntries(names.map((name) => [name, true])),
});
export const power = (value: number) => ({ messageType: "propertyStatus", data: { power: value } });
export const ran = (name: string, status: string) => ({
  messageType: "actionStatus",
  data: { "action name": name, status },
});
