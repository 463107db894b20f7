import { isIP } from "node:net";
import { hostname } from "node:os";
import type { JoiningServer } from "../server/server-options.ts";

/**
 * Where a server begins for other machines, without a slash at the end.
 * @param configured - The `url` of the options: that it is then.
 * @param seen - The address that this machine has for the others, where the server listens at all of its addresses; the
 *   machine's name when absent.
 */
export function rootOf(
  { bound }: Pick<JoiningServer, "bound">,
  configured: string | undefined,
  seen: string = hostname(),
): string {
  if (configured !== undefined) return configured.replace(/\/$/, "");
  const { host, port, isSecure } = bound!;
  const address = isAnyAddress(host) ? seen.replace(/^::ffff:/, "") : host;
  return `${isSecure ? "https" : "http"}://${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
}

/** Whether a server listens at all addresses of its machine. */
export function isAnyAddress(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}
