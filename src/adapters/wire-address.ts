import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { isLoopback } from "../server/bind-address.ts";
import { listenProblem, type OptionText } from "../server/listen-problem.ts";

/** Where a foreign wire is spoken. Such wires know no login. */
export interface WireAddress {
  /** `127.0.0.1` when absent: only programs of this machine. */
  readonly host?: string;
  /** Whoever reaches another address than loopback may do there all that the wire can. */
  readonly insecure?: boolean;
}

const inTheOptions: OptionText = (name, value) =>
  `{ ${name}: ${typeof value === "number" ? value : `"${value}"`} }`;

/**
 * Makes sure that somebody decided to let others in, and says so once in the log.
 * @param wire - Its name in sentences, e.g. `Filers`.
 * @returns The host to listen on.
 * @throws {ThingError} `BAD_ARGUMENT` for an address off loopback without `insecure`.
 */
export function admittedHost(
  wire: string,
  { host = "127.0.0.1", insecure = false }: WireAddress,
  log: Log,
): string {
  if (isLoopback(host)) return host;
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
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw listenProblem(error as NodeJS.ErrnoException, host, port, inTheOptions);
  }
  return (server.address() as AddressInfo).port;
}
