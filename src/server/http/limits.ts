import { readFileSync } from "node:fs";
import type { Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** For `createServer`: how long a request may take to arrive, and how much of it. A response may take as long as it likes. */
export const REQUEST_LIMITS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  /** How often the two above are checked; Node's own 30 s would make them 40 s and 60 s. */
  connectionsCheckingInterval: 2000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16 * 1024,
} as const satisfies ServerOptions;

/** For `createServer` of https: who has not said hello within this time is not waited for. */
export const TLS_LIMITS = { handshakeTimeout: 10_000, minVersion: "TLSv1.2" } as const;

/**
 * Connections that the kernel holds until they are accepted. Node's 511 are full after a quarter of a second of 2,000 a second: a
 * client that comes then waits for 1 s, until it tries again.
 */
export const MOST_UNACCEPTED = 4096;

const MAX_CONNECTIONS = 1000;
/** A connection that takes nothing of what it asked for, for this long, is ended. */
const STALL_MS = 60_000;

/**
 * Bounds what connections may hold: their number, by the file descriptors that this process may open too, and
 * how long one that takes no data may stay. Waits that have nothing to send, such as long polls, stay.
 */
export function applyLimits(server: Server, { stallMs = STALL_MS } = {}): void {
  server.maxConnections = Math.min(MAX_CONNECTIONS, Math.floor(openFilesLimit() * 0.75));
  server.maxHeadersCount = 100;
  const lastOf = new WeakMap<Socket, ServerResponse>();
  server.on("request", (request, response) => lastOf.set(request.socket, response));
  server.setTimeout(stallMs, (socket: Socket) => {
    const isAnswering = lastOf.get(socket)?.writableFinished === false;
    if (socket.writableLength > 0 || !isAnswering) socket.destroy();
  });
}

/** How many files and sockets this process may have open. */
export function openFilesLimit(): number {
  try {
    const limits = readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY; // no such file: another system than Linux
  }
}
