import type { IncomingMessage } from "node:http";
import { addressedOf } from "./forwarded.ts";

/** Scheme, host and port as the client addressed us, e.g. `https://lab.example`. */
export function originOf(request: IncomingMessage): string {
  const { scheme, host } = addressedOf(request);
  return `${scheme}://${host}`;
}

/** Where this server begins for the client: its origin, and what a proxy took off the path, without a slash at the end. */
export function rootOf(request: IncomingMessage): string {
  return originOf(request) + addressedOf(request).prefix;
}

/** The path of a root. */
export function pathOf(root: string): string {
  const begin = root.indexOf("/", root.indexOf("//") + 2);
  return begin < 0 ? "" : root.slice(begin);
}

/** What a proxy took off the path, to stand before each path that goes back: empty, or like `/scope`. */
export function prefixOf(request: IncomingMessage): string {
  return addressedOf(request).prefix;
}

/** Who sent a request, for logs, limits and warnings: what a configured proxy says, or the other end of the connection. */
export function clientAddressOf(request: IncomingMessage): string {
  return addressedOf(request).client || "an unknown address";
}
