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

/** Where another program's protocol is served. Such protocols have no login. */
interface WireAddress {
  /** Default `127.0.0.1`: only programs on this machine. */
  readonly host?: string;
  /** Allows any address: every client that reaches it may do all that the protocol offers. */
  readonly insecure?: boolean;
  /** Allows programs on this machine to do so although the server has a login. `insecure` includes it. */
  readonly insecure_no_login?: boolean;
}

/** Whether the server has a login, which protects what the protocol would give to anyone. */
interface WireAudience {
  readonly hasLogin?: boolean | undefined;
}

const inTheOptions: OptionText = (name, value) =>
  `{ ${name}: ${typeof value === "number" ? value : `"${value}"`} }`;

/**
 * Checks that the configuration allows the address, and logs a warning if it is open to others. Called before anything
 * listens.
 * @param wire - The protocol's name in sentences, e.g. `Filers`.
 * @param audience - The Thing's context; absent in a constructor, which has no server yet.
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
 * The same for an address without a host, such as a socket file.
 * @throws {ThingError} `BAD_ARGUMENT` where the server has a login and the options do not waive it.
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
      `This server has a login, but the ${wire} protocol does not support one: every client that reaches its port could access what the login protects. Add insecure_no_login: true to this Thing's options to allow this, or remove the Thing.`,
    );
  }
  log.warn(
    `NO LOGIN: the server has one, but every client that reaches the ${wire} port can use it without, because of its insecure option.`,
  );
}

function admittedFromNetwork(wire: string, host: string, insecure: boolean, log: Log): string {
  if (!insecure) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The ${wire} protocol has no login: on '${host}' everyone on the network could see the cameras. Add insecure: true if you trust that network, or listen on 127.0.0.1.`,
    );
  }
  log.warn(
    `NO LOGIN: everyone who reaches '${host}' over the network can use the ${wire} port, because of insecure: true.`,
  );
  return host;
}

/**
 * Listens on TCP.
 * @param port - 0 takes a free port.
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
