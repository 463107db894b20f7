import { readFileSync } from "node:fs";
import type { Server, ServerOptions, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { messageOf, ThingError } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";

/** Who may use a server. */
interface BindOptions {
  /** Whoever has logged in. */
  readonly hasLogin?: boolean;
  /** Somebody decided that everybody who reaches the address may operate the instruments. */
  readonly insecureNoAuth?: boolean;
}

/** Why the server does not listen on `host`, if it does not: without login only this machine may reach it. */
export function bindAddressProblem(
  host: string,
  { hasLogin = false, insecureNoAuth = false }: BindOptions = {},
): ThingError | undefined {
  if (hasLogin && insecureNoAuth) return new ThingError("BAD_ARGUMENT", CONTRADICTION);
  if (isLoopback(host) || hasLogin || insecureNoAuth) return undefined;
  return new ThingError(
    "BAD_ARGUMENT",
    `Listening on '${host}' would let everybody on the network see the cameras and move the instruments, because no login is required. Give the server a login ({ login: {} }), or use --insecure-no-auth if you trust everybody on that network.`,
  );
}

/** What must be said, loudly, at the start of a server that everybody may operate. */
export function bindAddressWarning(
  host: string,
  { hasLogin = false }: BindOptions = {},
): string | undefined {
  if (isLoopback(host) || hasLogin) return undefined;
  return `NO LOGIN: everybody who reaches '${host}' over the network can see the cameras and operate the instruments, because of --insecure-no-auth.`;
}

const CONTRADICTION =
  "--insecure-no-auth admits everybody, but a login is configured: leave out one of the two.";

/** True for an address that only programs of this machine reach. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return /^(localhost|::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(address);
}

/** How an option is given where the address was said: on the command line unless told otherwise. */
export type OptionText = (name: "host" | "port", value: string | number) => string;

const onTheCommandLine: OptionText = (name, value) => `--${name} ${value}`;

/** Binds a server to an address. @throws {ThingError} what `listenProblem` makes of it. */
export function listenAt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenProblem(error, host, port)));
    server.listen({ host, port, backlog: MOST_UNACCEPTED }, () => resolve());
  });
}

/** Why a server cannot listen there, as a sentence, from what the kernel says of it. */
export function listenProblem(
  error: NodeJS.ErrnoException,
  host: string,
  port: number,
  option: OptionText = onTheCommandLine,
): ThingError {
  switch (error.code) {
    case "EADDRINUSE":
      return new ThingError(
        "PORT_IN_USE",
        `Port ${port} of ${host} is in use by another program. Stop that program, or choose another port: ${option("port", port + 1)}.`,
        { cause: error },
      );
    case "EACCES":
      return new ThingError(
        "PORT_IN_USE",
        `This user may not use port ${port} of ${host}. Choose a port from 1024: ${option("port", 5000)}.`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new ThingError(
        "BAD_ARGUMENT",
        `This machine has no address '${host}'. Choose one that it has: ${option("host", "127.0.0.1")}.`,
        { cause: error },
      );
    default:
      return new ThingError(
        "PORT_IN_USE",
        `Port ${port} of ${host} cannot be used: ${messageOf(error)}.`,
        { cause: error },
      );
  }
}

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
const cutConnections = slowReaders("connection", "cut");

/**
 * Bounds what connections may hold: their number, by the file descriptors that this process may open too, and
 * how long one that takes no data may stay. Waits that have nothing to send, such as long polls, stay.
 */
export function applyLimits(
  server: Server,
  { stallMs = STALL_MS, maxConnections = MAX_CONNECTIONS } = {},
): void {
  server.maxConnections = Math.min(maxConnections, Math.floor(openFilesLimit() * 0.75));
  server.maxHeadersCount = 100;
  const lastOf = new WeakMap<Socket, ServerResponse>();
  server.on("request", (request, response) => lastOf.set(request.socket, response));
  server.setTimeout(stallMs, (socket: Socket) => {
    const isAnswering = lastOf.get(socket)?.writableFinished === false;
    if (socket.writableLength > 0) cutConnections();
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
