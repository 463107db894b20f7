import { hostname } from "node:os";
import type { NatsConnection } from "@nats-io/transport-node";
import { ownNames } from "../../server/access/policy.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import type { Roster } from "./roster.ts";

/** Where a server begins for other machines: as configured, or at the address from which NATS sees this machine. */
export function rootOf(
  { info }: NatsConnection,
  { bound }: JoiningServer,
  configured: string | undefined,
): string {
  if (configured !== undefined) return configured.replace(/\/$/, "");
  const { host, port, isSecure } = bound!;
  const address = isAnyAddress(host) ? (info?.client_ip ?? hostname()) : host;
  return `${isSecure ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port}`;
}

/** By which names of the machine a server's pages may be opened. */
export function ownOrigins({ bound }: JoiningServer): string[] {
  const { port, isSecure } = bound!;
  const names = new Set(ownNames());
  return [...names].map((name) => `${isSecure ? "https" : "http"}://${name}:${port}`);
}

/** Origins of the pages of all other members, which show this server's Things, too. */
export function originsOf({ present }: Roster): string[] {
  return present.flatMap(({ url, origins = [] }) => [new URL(url).origin, ...origins]);
}

function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
