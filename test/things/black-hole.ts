import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A way to a port of this machine that can be cut as a network is: nobody is told, and what was under way then never arrives. */
export async function cuttableWay(port: number) {
  let isCut = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near.on("error", () => {}));
    if (isCut) return void near.pause(); // nothing that is sent to it arrives, then or later
    const far = connect(port, "127.0.0.1").on("error", () => near.destroy());
    sockets.add(far);
    near.pipe(far).pipe(near);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.unpipe().pause();
    },
    mend() {
      isCut = false;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
