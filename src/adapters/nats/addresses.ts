import { ownNames } from "../../server/access/policy.ts";
import type { JoiningServer } from "../../server/server-options.ts";
import type { Roster } from "./roster.ts";

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
