import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import {
  isLoopback,
  listenProblem,
  MOST_UNACCEPTED,
  type OptionText,
} from "../server/http/listen.ts";

/** Where a foreign wire is spoken. Such wires know no login. */
interface WireAddress {
  /** `127.0.0.1` when absent: only programs of this machine. */
  readonly host?: string;
  /** Whoever reaches the address, another than loopback too, may do there all that the wire can. */
  readonly insecure?: boolean;
  /** Programs of this machine may do so although the server has a login. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
}

/** Who else is kept out: by a server with a login, what a wire would give to anybody is protected. */
interface WireAudience {
  readonly hasLogin?: boolean | undefined;
}

const inTheOptions: OptionText = (name, value) =>
  `{ ${name}: ${typeof value === "number" ? value : `"${value}"`} }`;

/**
 * Makes sure that somebody decided to let others in, and says so once in the log. Called before anything listens.
 * @param wire - Its name in sentences, e.g. `Filers`.
 * @param audience - The Thing's context; none in a constructor, which knows of no server yet.
 * @returns The host to listen on.
 * @throws {ThingError} `BAD_ARGUMENT` for an address off loopback without `insecure`, and where the server has a login without
 *   `insecure_no_login` or `insecure`.
 */
export function admittedHost(
  wire: string,
  { host = "127.0.0.1", insecure = false, insecure_no_login = false }: WireAddress,
  log: Log,
  audience: WireAudience = {},
): string {
  const hosted = isLoopback(host) ? host : admittedFromNetwork(wire, host, insecure, log);
  admitPastLogin(wire, insecure || insecure_no_login, log, audience);
  return hosted;
}

/**
 * The same for what has no host, such as a socket file.
 * @throws {ThingError} `BAD_ARGUMENT` where the server has a login and nobody said that this wire may do without.
 */
export function admitPastLogin(
  wire: string,
  isAdmitted: boolean,
  log: Log,
  { hasLogin = false }: WireAudience,
): void {
  if (!hasLogin) return;
  if (!isAdmitted) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `This server has a login, and the ${wire} wire knows none: everybody who reaches its port would have what the login protects. Add insecure_no_login: true to this Thing's options if that is meant, or leave the Thing out.`,
    );
  }
  log.warn(
    `NO LOGIN: the server has one, but everybody who reaches the ${wire} wire can use that without, because of its insecure option.`,
  );
}

function admittedFromNetwork(wire: string, host: string, insecure: boolean, log: Log): string {
  if (!insecure) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The ${wire} wire knows no login: on '${host}' everybody on the network would see the cameras. Add insecure: true if you trust everybody there, or listen on 127.0.0.1.`,
    );
  }
  log.warn(
    `NO LOGIN: everybody who reaches '${host}' over the network can use the ${wire} wire, because of insecure: true.`,
  );
  return host;
}

/**
 * Listens, by TCP.
 * @param port - 0 takes a free one.
 * @returns The port.
 * @throws {ThingError} `PORT_IN_USE`, or `BAD_ARGUMENT` for a host that this machine does not have.
 */
export async function listenOn(server: Server, host: string, port: number): Promise<number> {
  server.listen({ host, port, backlog: MOST_UNACCEPTED });
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenProblem(error as NodeJS.ErrnoException, host, port, inTheOptions);
  }
  return (server.address() as AddressInfo).port;
}
