import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { ThingError } from "../../base/errors.ts";

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

/** How a client addressed a request, and from where, as far as a proxy may be believed. */
export interface Addressed {
  readonly scheme: "http" | "https";
  /** As in a Host header, with the port unless it is the scheme's own. */
  readonly host: string;
  /** What a proxy took off the path: empty, or like `/scope`. */
  readonly prefix: string;
  /** The client's address; of a connection's other end where nobody may say more. */
  readonly client: string;
  /** The proxy passes on a host without its port, so that nobody can tell which it was. */
  readonly hasUnknownPort: boolean;
}

const noted = new WeakMap<IncomingMessage, Addressed>();

/** How a request was addressed. Of one that no policy has looked at, what its connection says. */
export function addressedOf(request: IncomingMessage): Addressed {
  return noted.get(request) ?? new Direct(request);
}

/** Who a proxy that counts says that the client is; undefined where that is the other end of the connection. */
export function saidClientOf(request: IncomingMessage): string | undefined {
  return noted.get(request)?.client;
}

/**
 * The proxies whose word counts. Without a configuration programs of this computer are believed about the address that
 * a client used, since that only changes the links in its own answer; about who the client is, nobody is.
 */
export class TrustedProxies {
  readonly #list = new BlockList();
  readonly #areConfigured: boolean;
  /** Requests come from the same few addresses, and to look one up in a list takes longer than the rest. */
  #newest: { readonly address: string; readonly isTrusted: boolean } | undefined;

  /**
   * @param proxies - Addresses and networks such as `10.0.0.0/8`; loopback when absent.
   * @throws {ThingError} `BAD_CONFIG` for anything else.
   */
  constructor(proxies?: readonly string[]) {
    this.#areConfigured = proxies !== undefined;
    for (const proxy of proxies ?? LOOPBACK) add(this.#list, proxy);
  }

  trusts(address = ""): boolean {
    if (this.#newest?.address !== address) {
      const plain = plainAddress(address);
      const family = isIP(plain);
      const isTrusted = family !== 0 && this.#list.check(plain, family === 6 ? "ipv6" : "ipv4");
      this.#newest = { address, isTrusted };
    }
    return this.#newest.isTrusted;
  }

  /** Reads what a trusted proxy says, for `addressedOf`. Requests without a proxy cost three look-ups. */
  note(request: IncomingMessage): void {
    const { headers, socket } = request;
    const lacksPort = needsPort(request);
    const says =
      headers["x-forwarded-proto"] ??
      headers["x-forwarded-host"] ??
      headers["x-forwarded-prefix"] ??
      headers["x-forwarded-port"] ??
      headers["x-forwarded-for"] ??
      headers.forwarded;
    if ((says === undefined && !lacksPort) || !this.trusts(socket.remoteAddress)) return;
    const own = new Direct(request);
    const { proto, host, port, hops } = hasXForwarded(headers)
      ? xForwarded(headers)
      : forwarded(headers);
    const scheme = proto === "https" || proto === "http" ? proto : own.scheme;
    const named = withPort(host ?? own.host, port, scheme);
    noted.set(request, {
      scheme,
      host: named,
      prefix: prefixIn(headers["x-forwarded-prefix"]),
      client: this.#areConfigured ? this.#clientIn(hops, own.client) : own.client,
      hasUnknownPort: host === undefined && port === undefined && lacksPort,
    });
  }

  /** The nearest hop that is not a trusted proxy itself: what stands before it may be anybody's invention. */
  #clientIn(hops: readonly string[], nearest: string): string {
    let client = nearest;
    for (const hop of hops.toReversed()) {
      const address = addressIn(hop);
      if (address === undefined) return client;
      client = address;
      if (!this.trusts(address)) return client;
    }
    return client;
  }
}

const LOOPBACK = ["127.0.0.0/8", "::1"];

function add(list: BlockList, proxy: string): void {
  const [address = "", bits, ...more] = proxy.split("/");
  const family = isIP(address);
  const longest = family === 6 ? 128 : 32;
  const length = bits === undefined ? longest : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (family === 0 || more.length > 0 || !(length <= longest)) throw notAProxy(proxy);
  list.addSubnet(address, length, family === 6 ? "ipv6" : "ipv4");
}

function notAProxy(proxy: string): ThingError {
  return new ThingError(
    "BAD_CONFIG",
    `'${proxy}' in trusted_proxies is not an address. Write each as 192.168.1.5, or as a network: 10.0.0.0/8.`,
  );
}

function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "").split("%")[0]!;
}

/** What the connection says. Its addresses are asked of the system where somebody wants to know them: most requests do not. */
class Direct implements Addressed {
  readonly prefix = "";
  readonly hasUnknownPort = false;
  readonly #request: IncomingMessage;

  constructor(request: IncomingMessage) {
    this.#request = request;
  }

  get scheme(): "http" | "https" {
    return "encrypted" in this.#request.socket ? "https" : "http";
  }

  get host(): string {
    return this.#request.headers.host ?? ownHost(this.#request.socket);
  }

  get client(): string {
    return plainAddress(this.#request.socket.remoteAddress ?? "");
  }
}

/** For HTTP/1.0, which has no Host. */
function ownHost({ localAddress = "127.0.0.1", localPort }: IncomingMessage["socket"]): string {
  const plain = plainAddress(localAddress);
  return `${plain.includes(":") ? `[${plain}]` : plain}:${localPort}`;
}

/** A browser always says the port; nginx's `Host $host` leaves it out. */
function needsPort({ headers: { host = "" }, socket }: IncomingMessage): boolean {
  return host !== "" && !/:\d+$/.test(host) && !isDefaultPort(socket);
}

const portOf = new WeakMap<object, number>();

/** The port is asked of the system once a server, not for each connection. */
function isDefaultPort(socket: IncomingMessage["socket"] & { readonly server?: object }): boolean {
  const { server = socket } = socket;
  const port = portOf.get(server) ?? socket.localPort; // of a connection that has ended nobody knows it
  if (port !== undefined) portOf.set(server, port);
  return port === 80 || port === 443;
}

/** The words of one proxy, or of several from the client on. */
interface Forwarding {
  readonly proto: string | undefined;
  readonly host: string | undefined;
  readonly port: string | undefined;
  readonly hops: readonly string[];
}

const X_HEADERS = ["x-forwarded-proto", "x-forwarded-host", "x-forwarded-port", "x-forwarded-for"];

function hasXForwarded(headers: IncomingMessage["headers"]): boolean {
  return X_HEADERS.some((name) => headers[name] !== undefined);
}

function xForwarded(headers: IncomingMessage["headers"]): Forwarding {
  const first = (name: string) => listIn(headers[name])[0];
  return {
    proto: first("x-forwarded-proto")?.toLowerCase(),
    host: hostIn(first("x-forwarded-host")),
    port: first("x-forwarded-port"),
    hops: listIn(headers["x-forwarded-for"]),
  };
}

/** @see RFC 7239, 4 Forwarded HTTP Header Field. */
function forwarded(headers: IncomingMessage["headers"]): Forwarding {
  const elements = listIn(headers.forwarded).map(
    (element) => new Map(element.split(";").map(pairIn)),
  );
  const first = (name: string) => elements.find((element) => element.has(name))?.get(name);
  return {
    proto: first("proto")?.toLowerCase(),
    host: hostIn(first("host")),
    port: undefined,
    hops: elements.map((element) => element.get("for") ?? "unknown"),
  };
}

function pairIn(pair: string): [name: string, value: string] {
  const at = pair.indexOf("=");
  const value = pair.slice(at + 1).trim();
  return [pair.slice(0, at).trim().toLowerCase(), value.replace(/^"(.*)"$/, "$1")];
}

function listIn(header: string | string[] | undefined): string[] {
  return header === undefined
    ? []
    : String(header)
        .split(",")
        .map((part) => part.trim());
}

const HOST = /^(\[[0-9a-f:.]+\]|[\w.-]+)(:\d{1,5})?$/i;

function hostIn(text: string | undefined): string | undefined {
  return text !== undefined && HOST.test(text) ? text : undefined;
}

function withPort(host: string, port: string | undefined, scheme: string): string {
  const isDefault = port === (scheme === "https" ? "443" : "80");
  const hasPort = /:\d+$/.test(host);
  return hasPort || isDefault || !/^\d{1,5}$/.test(port ?? "") ? host : `${host}:${port}`;
}

/** The address of a hop, which may stand in brackets and have a port. */
function addressIn(hop: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]+)\](?::\d+)?|([\d.]+)(?::\d+)?)$/.exec(hop) ?? [];
  const address = plainAddress(bracketed ?? plain ?? hop);
  return isIP(address) === 0 ? undefined : address;
}

const PREFIX = /^(\/[\w~-][\w.~-]*)+$/;

/** What several proxies took off stands in their order. A prefix that is none is left out: links go nowhere strange. */
function prefixIn(header: string | string[] | undefined): string {
  const prefix = listIn(header)
    .map((part) => part.replace(/\/$/, ""))
    .join("");
  return prefix.length <= 200 && PREFIX.test(prefix) ? prefix : "";
}
