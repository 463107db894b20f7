import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Server as TlsServer } from "node:tls";

/** True for the handshake of a WebSocket, the one upgrade that there is. @see RFC 6455, 4.2.1. */
export function offersWebSocket({ method, httpVersion, headers }: IncomingMessage): boolean {
  return (
    method === "GET" &&
    httpVersion === "1.1" &&
    headers.upgrade?.trim().toLowerCase() === "websocket"
  );
}

/**
 * Answers requests that offer another protocol as if they had not, body, pipelined requests and keep-alive included.
 * Node hands over any connection with such an offer once somebody listens for WebSockets, so the request goes through its
 * parser a second time, without the offer. Call before the server listens.
 * @returns What to do with such a request; `false` when it has more header fields than Node keeps, and so cannot be told again.
 * @see RFC 9110, 7.8 Upgrade: a server may ignore it.
 */
export function upgradeDecliner(
  server: Server,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean {
  // The first is Node's own, which puts a parser before a socket; the others count connections, which this is not.
  const [parse] = server.listeners(server instanceof TlsServer ? "secureConnection" : "connection");
  const lastOf = new WeakMap<Duplex, ServerResponse>();
  server.prependListener("request", ({ socket }, response) => lastOf.set(socket, response));
  return (request, socket, head) => {
    if (request.rawHeaders.length >= 2 * (server.maxHeadersCount ?? 2000)) return false;
    socket.unshift(Buffer.concat([withoutOffer(request), head]));
    void answered(lastOf.get(socket)).then(() => socket.destroyed || parse?.call(server, socket));
    return true;
  };
}

/** Responses leave in the order of their requests: what came before this one on its connection is finished first. */
async function answered(last: ServerResponse | undefined): Promise<void> {
  if (last && !last.writableFinished && !last.destroyed) await once(last, "close");
}

/** The request's head as it came, but for the offer. */
function withoutOffer({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = rawHeaders[n]!;
    const lower = name.toLowerCase();
    if (lower === "upgrade" || lower === "http2-settings") continue;
    const value = lower === "connection" ? withoutUpgrade(rawHeaders[n + 1]!) : rawHeaders[n + 1]!;
    lines.push(`${name}: ${value}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n\r\n`, "latin1");
}

function withoutUpgrade(connection: string): string {
  const options = connection.split(",").map((option) => option.trim());
  return options.filter((option) => !/^(upgrade|http2-settings)$/i.test(option)).join(", ");
}
