import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { TestContext } from "node:test";

/** A balancer or a proxy before servers: each connection goes to the port that `portFor` says for the first line of its request. */
export async function balancer(t: TestContext, portFor: (requestLine: string) => number) {
  const sockets = new Set<Socket>();
  const asked: string[] = [];
  const relay = createServer((here) => {
    keep(here);
    here.once("data", (begin) => {
      const [line = ""] = String(begin).split("\r\n", 1);
      asked.push(line);
      const there = connect(portFor(line), "127.0.0.1");
      keep(there);
      there.write(begin);
      here.pipe(there).pipe(here);
      here.once("close", () => there.destroy());
      there.once("close", () => here.destroy());
    });
  });
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
  };
  await once(relay.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    relay.close();
    for (const socket of sockets) socket.destroy();
  });
  const { port } = relay.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    /** The first line of the first request of each connection. */
    asked,
    /** Ends all connections: who comes again is sent where `portFor` says now. */
    cut: () => {
      for (const socket of sockets) socket.destroy();
    },
  };
}
