import { hostname } from "node:os";
import type { MulticastService } from "./mdns.ts";

export interface WotServicesOptions {
  readonly prefix: string;
  readonly port: number;
  readonly secure?: boolean;
  /** This machine's, with or without a domain. */
  readonly machine?: string;
}

/** A DNS label is no longer, bytes. */
const LONGEST_NAME = 63;

/**
 * What is announced of Things: one service for each, and one for their directory.
 * @see W3C WoT Discovery, 6.2 DNS-SD; RFC 6763.
 */
export function wotServices(
  things: Iterable<string>,
  { prefix, port, secure = false, machine = hostname() }: WotServicesOptions,
): MulticastService[] {
  const short = machine.split(".")[0]!.toLowerCase();
  const service = (what: string, td: string, type: "Thing" | "Directory"): MulticastService => ({
    // Names must be the only ones of their kind on the network, and two servers may both have a camera.
    name: shortened(`${what} on ${short}:${port}`),
    type: "wot",
    port,
    host: `${short}.local`,
    // In this order, and without the scheme where it is http: a public checker takes a third key for part of the type.
    txt: { td, type, ...(secure && { scheme: "https" }) },
    subtypes: type === "Directory" ? ["directory"] : [],
  });
  return [
    service("Things", "/.well-known/wot", "Directory"),
    ...[...things].map((name) => service(name, `${prefix}/${name}/`, "Thing")),
  ];
}

/** All names are ASCII, so that characters are bytes. Its end, with machine and port, is what makes it unique. */
function shortened(name: string): string {
  const surplus = name.length - LONGEST_NAME;
  return surplus <= 0 ? name : `${name.slice(0, 20)}~${name.slice(21 + surplus)}`;
}
