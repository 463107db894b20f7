import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A TCP proxy that is a slow or broken network. */
export interface FaultProxy {
  readonly port: number;
  /** Bytes a second that go to clients; undefined for as many as there are. */
  bytesPerSecond: number | undefined;
  /** From now on nothing goes either way, and neither end is told: as when a cable is pulled. */
  blackhole(): void;
  /** The same of the connections that are open now: new ones are carried, as after a router has forgotten what it knew. */
  forget(): void;
  /** Connections to the server that are open. */
  readonly openToServer: number;
}

/** A proxy to a port of this machine; it ends with the test. */
export async function faultProxy(t: TestContext, to: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const toServer = new Set<Socket>();
  let isHole = false;
  let forgets: (() => void)[] = [];
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: to, host: "127.0.0.1", allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => sockets.delete(socket));
    }
    toServer.add(upstream);
    let isForgotten = isHole;
    forgets.push(() => {
      isForgotten = true;
      upstream.pause();
    });
    upstream.on("close", () => {
      toServer.delete(upstream);
      if (!isForgotten) client.destroy();
    });
    client.on("close", () => {
      if (!isForgotten) upstream.destroy();
    });
    client.on("data", (data) => {
      if (!isForgotten) upstream.write(data);
    });
    upstream.on("data", (data) => {
      if (!isForgotten) client.write(data);
      const rate = proxy.bytesPerSecond;
      if (rate === undefined) return;
      upstream.pause();
      setTimeout(() => isForgotten || upstream.resume(), (data.length / rate) * 1000);
    });
    if (isHole) upstream.pause();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const proxy = {
    port: (server.address() as AddressInfo).port,
    bytesPerSecond: undefined as number | undefined,
    blackhole(): void {
      isHole = true;
      proxy.forget();
    },
    forget(): void {
      for (const forget of forgets) forget();
      forgets = [];
    },
    get openToServer(): number {
      return toServer.size;
    },
  };
  return proxy;
}
