import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { checkedLookup } from "../base/outgoing.ts";
import { thrownError } from "../base/thrown.ts";
import { distrust } from "./tls-trust.ts";

/** A server, and the one certificate that it is trusted with, where that has to be a certain one. */
export interface ServerAt {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly fingerprint: string | undefined;
}

/**
 * Connects to a server; over TLS it resolves when the certificate is trusted, and nothing was sent before.
 * @throws {TlsFault} if it is not trusted; errors of the network as they are.
 */
export async function connectTrusted(
  { host, port, isSecure, fingerprint }: ServerAt,
  signal: AbortSignal,
): Promise<Socket> {
  const options = { host, port, lookup: checkedLookup };
  if (!isSecure) return opened(connect(options), "connect", signal);
  const name = isIP(host) === 0 ? { servername: host } : {};
  // Whether it is trusted is decided when its certificate is there, which the sentence has to name.
  const socket = connectTls({ ...options, ...name, rejectUnauthorized: false });
  await opened(socket, "secureConnect", signal);
  const fault = distrust(socket, fingerprint);
  if (!fault) return socket;
  socket.destroy();
  throw fault;
}

async function opened<S extends Socket>(socket: S, event: string, signal: AbortSignal): Promise<S> {
  const closed = once(socket, "close", { signal }).then(() => {
    throw new Error("it closed the connection at once");
  });
  closed.catch(() => {}); // it may close much later
  try {
    await Promise.race([once(socket, event, { signal }), closed]);
    socket.on("error", () => {}); // whoever uses it hears of its end
    return socket;
  } catch (error) {
    socket.on("error", () => {}).destroy();
    throw signal.aborted ? thrownError(signal.reason) : error;
  }
}
