import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { type Addressed, addressedOf, TrustedProxies } from "../http/origin.ts";

interface AccessOptions {
  /** Names under which the server may be addressed, beside loopback, IP addresses and the machine's own name. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may call the server, e.g. `http://dashboard.lab:3000`. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks of proxies whose `X-Forwarded-*` and `Forwarded` are believed; loopback when absent. */
  readonly trustedProxies?: readonly string[];
}

const SAFE_METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
/** What a page of a configured origin may read of an answer, beside what browsers always show it. */
const EXPOSED_HEADERS =
  "Allow, Content-Length, ETag, Link, Location, Retry-After, WWW-Authenticate, X-Frame-Index, X-Origin, X-Stream-Run, X-Timestamp";

/**
 * Who may talk to the server before anybody has logged in: programs on a machine that reaches it, and pages that
 * it served itself or whose origin is configured. Web pages from elsewhere run in the same browsers; they are
 * kept out by what a browser cannot be made to lie about, the Host and Origin headers.
 */
export class AccessPolicy {
  readonly #hosts: Set<string>;
  readonly #configured: readonly string[];
  #origins: ReadonlySet<string>;
  readonly #proxies: TrustedProxies;

  /** @throws {ThingError} `BAD_CONFIG` for a host, an origin or a proxy that is not one. */
  constructor({ allowedHosts = [], allowedOrigins = [], trustedProxies }: AccessOptions = {}) {
    this.#proxies = new TrustedProxies(trustedProxies);
    this.#hosts = new Set([...ownNames(), ...allowedHosts.map(configuredHost)]);
    this.#configured = allowedOrigins.map(configuredOrigin);
    this.#origins = new Set(this.#configured);
  }

  /** The server listens on an address of this name, so it answers to it. */
  allowHost(name: string): void {
    this.#hosts.add(name.toLowerCase());
  }

  /** Pages of these origins may call the server, beside those of the configuration, and no longer those of the last call. */
  allowOrigins(origins: Iterable<string>): void {
    this.#origins = new Set([...this.#configured, ...origins]);
  }

  /**
   * Also reads how a proxy says that the request was addressed.
   * @throws {ThingError} `HOST_NOT_ALLOWED`, `MALFORMED_REQUEST`; for a request that may change something also `CROSS_ORIGIN`.
   */
  check(request: IncomingMessage): void {
    this.#checkHost(request);
    if (!SAFE_METHODS.has(request.method ?? "")) this.#checkOrigin(request);
  }

  /** The same for a WebSocket, which browsers open to any server for any page. @throws {ThingError} as `check`. */
  checkUpgrade(request: IncomingMessage): void {
    this.#checkHost(request);
    this.#checkOrigin(request);
  }

  /** Lets a page of a configured origin read the answer. Never with credentials, and no other page. */
  setCorsHeaders({ headers: { origin } }: IncomingMessage, response: ServerResponse): void {
    if (this.#origins.size === 0) return;
    response.appendHeader("Vary", "Origin");
    if (origin === undefined || !this.#origins.has(origin)) return;
    response.setHeader("Access-Control-Allow-Origin", origin);
    response.setHeader("Access-Control-Expose-Headers", EXPOSED_HEADERS);
  }

  /**
   * Grants what a browser asks on behalf of a page of a configured origin: whether it may send a request.
   * @param allow - The path's methods, as in an `Allow` header.
   */
  setPreflightHeaders(request: IncomingMessage, response: ServerResponse, allow: string): void {
    const { origin = "", ...asked } = request.headers;
    if (!asked["access-control-request-method"] || !this.#origins.has(origin)) return;
    const headers = asked["access-control-request-headers"] ?? "";
    response.setHeader("Access-Control-Allow-Methods", allow);
    if (HEADER_NAMES.test(headers)) response.setHeader("Access-Control-Allow-Headers", headers);
    response.setHeader("Access-Control-Max-Age", "600");
  }

  /** True when a browser asks whether a page of a configured origin may send a request. It sends no login along. */
  isPreflight({ method, headers }: IncomingMessage): boolean {
    const { origin = "" } = headers;
    const asks = headers["access-control-request-method"] !== undefined;
    return method === "OPTIONS" && asks && this.#origins.has(origin);
  }

  #checkHost(request: IncomingMessage): void {
    this.#proxies.note(request);
    const { headers, rawHeaders = [], httpVersion, socket } = request;
    if (isTwice(rawHeaders, "host")) throw twoHosts();
    if (headers.host === undefined && httpVersion === "1.0") return; // it was not invented yet; browsers know it
    this.#checkName(nameIn(headers.host ?? ""), socket);
    const { host } = addressedOf(request);
    if (host !== headers.host) this.#checkName(nameIn(host), socket);
  }

  #checkName(name: string | undefined, socket: IncomingMessage["socket"]): void {
    if (name !== undefined && this.#allowsHost(name)) return;
    const fault =
      name === undefined
        ? "has no valid Host header"
        : `names the host '${quoted(name)}', which is not a name of this server`;
    throw new ThingError(
      "HOST_NOT_ALLOWED",
      `The request ${fault}. Open ${ownUrl(socket.localAddress, socket.localPort)}, or add the name to allowed_hosts in the configuration.`,
    );
  }

  #allowsHost(name: string): boolean {
    return (
      isIP(name) !== 0 || // a name is what an attacker's DNS can point here; an address is not
      name === "localhost" ||
      name.endsWith(".localhost") ||
      this.#hosts.has(name)
    );
  }

  #checkOrigin(request: IncomingMessage): void {
    const { headers } = request;
    const { origin } = headers;
    if (origin !== undefined && this.#origins.has(origin)) return;
    const site = headers["sec-fetch-site"];
    const fromElsewhere = site === "cross-site" || site === "same-site";
    if (!fromElsewhere && (origin === undefined || isSameOrigin(origin, addressedOf(request))))
      return;
    throw new ThingError(
      "CROSS_ORIGIN",
      `A page of ${origin === undefined ? "another site" : `'${quoted(origin)}'`} tried to operate this server, but only the server's own pages may. If you trust that page, add its origin to allowed_origins in the configuration.`,
    );
  }
}

/** Names of header fields, as a browser lists them. */
const HEADER_NAMES = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+(, ?[A-Za-z0-9!#$%&'*+.^_`|~-]+){0,63}$/;

/** The host of a Host header, lower case, without port, brackets and trailing dot. */
function nameIn(header: string): string | undefined {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^\s:/@[\]\\]+?)\.?)(?::\d{0,5})?$/i.exec(header);
  return (found?.[1] ?? found?.[2])?.toLowerCase();
}

/**
 * The scheme is left out of the comparison: behind a proxy that speaks https only the browser may know it. So is the port
 * where a proxy does not pass it on.
 */
function isSameOrigin(origin: string, { host, hasUnknownPort }: Addressed): boolean {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") return false;
  const addressed = `${url.protocol}//${host}`;
  if (!URL.canParse(addressed)) return false;
  const own = new URL(addressed);
  return hasUnknownPort ? own.hostname === url.hostname : own.host === url.host;
}

/** Node keeps the first of several header fields of one name where there must be one. */
function isTwice(rawHeaders: readonly string[], name: string): boolean {
  let isFound = false;
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const header = rawHeaders[n]!;
    if (header.length !== name.length || header.toLowerCase() !== name) continue;
    if (isFound) return true;
    isFound = true;
  }
  return false;
}

function twoHosts(): ThingError {
  return new ThingError(
    "MALFORMED_REQUEST",
    "The request has more than one Host header field, so its target is ambiguous. Send exactly one.",
  );
}

/** Names by which this machine is known. */
export function ownNames(): string[] {
  const full = hostname().toLowerCase();
  const short = full.split(".")[0]!;
  return [full, short, `${short}.local`];
}

function ownUrl(address = "127.0.0.1", port = 80): string {
  const plain = address.replace(/^::ffff:/, "");
  return `http://${plain.includes(":") ? `[${plain}]` : plain}:${port}/`;
}

function configuredHost(host: string): string {
  const name = isIP(host) ? host : nameIn(host);
  if (name !== undefined && !name.includes("*")) return name;
  throw new ThingError(
    "BAD_CONFIG",
    `'${host}' in allowed_hosts is not a host. Write each as in a URL, without scheme and path: microscope.lab.example.`,
  );
}

function configuredOrigin(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  const isOrigin = url && url.origin !== "null" && url.href === `${url.origin}/`;
  if (isOrigin && !origin.includes("*")) return url.origin;
  const why =
    origin === "*"
      ? "would let every web page that a user opens operate the instruments"
      : "is not an origin";
  throw new ThingError(
    "BAD_CONFIG",
    `'${origin}' in allowed_origins ${why}. Write each as scheme, host and port: http://dashboard.lab:3000.`,
  );
}
