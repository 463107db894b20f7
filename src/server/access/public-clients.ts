import type { IncomingMessage, Server } from "node:http";
import { BlockList, isIP } from "node:net";
import type { Log } from "../../base/log.ts";
import { saidClientOf } from "../http/origin.ts";

/** Addresses that no router of the internet carries: of this machine, of a network at home or at work, of a VPN. */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
] as const) {
  PRIVATE.addSubnet(network, bits, "ipv4");
}
PRIVATE.addAddress("::1", "ipv6");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
PRIVATE.addSubnet("fe80::", 10, "ipv6");

/**
 * Says, once, that somebody came from the internet, by a proxy whose word counts too: scanners find a camera there within hours.
 * Call when the server has its listener, which reads what proxies say.
 */
export function warnOfPublicClients(server: Server, log: Log): void {
  let newest = "";
  const look = (address = newest) => {
    if (address === newest || !isPublicAddress(address)) {
      newest = address; // crowds come from few addresses
      return;
    }
    server.off("connection", onConnection).off("request", onRequest);
    log.warn(
      `A client connected from ${address}, an address on the internet. If this is not intended, close this port in the router or firewall, or listen on an address of your own network.`,
    );
  };
  const onConnection = ({ remoteAddress }: { remoteAddress?: string | undefined }) =>
    look(remoteAddress);
  const onRequest = (request: IncomingMessage) => look(saidClientOf(request));
  server.on("connection", onConnection).on("request", onRequest);
}

/** True for an address that anybody on the internet may have. */
export function isPublicAddress(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, "").split("%")[0]!;
  const family = isIP(plain);
  return family !== 0 && !PRIVATE.check(plain, family === 4 ? "ipv4" : "ipv6");
}
