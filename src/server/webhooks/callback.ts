import { lookup } from "node:dns/promises";
import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { BlockList, isIP } from "node:net";
import { withDeadline } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { isMetadataAddress } from "../../base/outgoing.ts";
import { quoted } from "../../base/preview.ts";
import { httpUrlIn } from "../../base/values.ts";

const MAX_URL_CHARACTERS = 2048;

/** Addresses that a name of another machine has no business to have: our own, the link's, nobody's, everybody's. */
const SPECIAL = new BlockList();
SPECIAL.addSubnet("0.0.0.0", 8, "ipv4");
SPECIAL.addSubnet("127.0.0.0", 8, "ipv4");
SPECIAL.addSubnet("169.254.0.0", 16, "ipv4");
SPECIAL.addSubnet("224.0.0.0", 3, "ipv4");
SPECIAL.addSubnet("::", 127, "ipv6");
SPECIAL.addSubnet("fe80::", 10, "ipv6");
SPECIAL.addSubnet("ff00::", 8, "ipv6");

/** Which hosts may be called, as configured: `hooks.lab.example`, or with a port `127.0.0.1:8080`. */
export class CallbackPolicy {
  readonly #allowed: ReadonlySet<string>;
  readonly #resolve: Resolve;

  /** @throws {ThingError} `BAD_CONFIG` for a host that is none. */
  constructor(allowedHosts: readonly string[], resolve: Resolve = resolveAll) {
    this.#allowed = new Set(allowedHosts.map(configuredHost));
    this.#resolve = resolve;
  }

  /** The URL in a request to be called. @throws {ThingError} `INVALID_INPUT`, `CALLBACK_REFUSED`. */
  accept(callbackURL: unknown): URL {
    const url = parsed(callbackURL);
    if (this.#allowed.has(url.hostname) || this.#allowed.has(url.host)) return url;
    throw new ThingError(
      "CALLBACK_REFUSED",
      `'${quoted(url.host)}' may not be called. Add it to the allowed hosts of webhooks in the configuration if it should be.`,
    );
  }

  /**
   * The address behind a URL's host, looked up now: what is connected to is what was checked.
   * @throws {ThingError} `CALLBACK_REFUSED` when a name leads to this machine or to an address that is nobody's.
   */
  async addressOf({ hostname }: URL): Promise<string> {
    const bare = hostname.replace(/^\[|\]$/g, "");
    if (isIP(bare) && !isMetadataAddress(bare)) return bare; // named in the configuration
    const found = isIP(bare) ? [bare] : await this.#resolve(bare);
    const isLocal = /^localhost\.?$/.test(bare);
    const usable = found.find((one) => !isMetadataAddress(one) && (isLocal || !isSpecial(one)));
    if (usable) return usable;
    throw new ThingError(
      "CALLBACK_REFUSED",
      `'${bare}' resolves to ${found.join(", ")}, which is not another machine. It is not called.`,
    );
  }
}

const TIMEOUT_MS = 5000;

interface Delivery {
  readonly url: URL;
  /** What is connected to: the host is not looked up again. */
  readonly address: string;
  /** Of the property or event. */
  readonly self: string;
  /** When it arose, epoch ms. */
  readonly at: number;
  /** JSON; absent for an event without data. */
  readonly data: string | undefined;
  /** Of the data. */
  readonly contentType: string;
  readonly signal: AbortSignal;
}

/**
 * Sends one notification. A redirect is not followed.
 * @throws {Error} unless it is answered with success within 5 s.
 * @see WoT Profiles 1.0, WD 2025-09-30, HTTP Webhook Profile.
 */
export function deliver(delivery: Delivery): Promise<void> {
  return withDeadline(TIMEOUT_MS, delivery.signal, (signal) => post({ ...delivery, signal }));
}

/** The addresses of a name. */
type Resolve = (name: string) => Promise<readonly string[]>;

const resolveAll: Resolve = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

function isSpecial(address: string): boolean {
  const bare = address.replace(/%.*$/, "");
  return SPECIAL.check(bare, isIP(bare) === 6 ? "ipv6" : "ipv4"); // also as ::ffff:a.b.c.d
}

function parsed(callbackURL: unknown): URL {
  const isText = typeof callbackURL === "string" && callbackURL.length <= MAX_URL_CHARACTERS;
  const url = isText ? httpUrlIn(callbackURL) : undefined;
  if (url?.username === "" && url.password === "") return url;
  const msg = "Input should be an http or https URL without a login, of at most 2048 characters";
  throw new ThingError(
    "INVALID_INPUT",
    'Nothing was subscribed: send {"callbackURL": "http://host/path"}, an http or https URL without a login.',
    { faults: [{ type: "url_parsing", loc: ["body", "callbackURL"], msg, input: callbackURL }] },
  );
}

function configuredHost(host: string): string {
  const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
  if (url && isMetadataAddress(url.hostname)) {
    throw new ThingError(
      "BAD_CONFIG",
      `'${host}' in the allowed hosts of webhooks is the metadata address of a cloud, which serves its secrets. Remove it.`,
    );
  }
  if (url && url.href === `http://${url.host}/` && !host.includes("*")) return url.host;
  throw new ThingError(
    "BAD_CONFIG",
    `'${host}' in the allowed hosts of webhooks is not a host. Write each as in a URL, with a port if only that port may be called: hooks.lab.example.`,
  );
}

function post({ url, address, self, at, data, contentType, signal }: Delivery): Promise<void> {
  const body = data === undefined ? undefined : Buffer.from(data);
  const hostname = url.hostname.replace(/^\[|\]$/g, "");
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = send({
      method: "POST",
      host: address,
      ...(isIP(hostname) === 0 && { servername: hostname }),
      port: url.port || (url.protocol === "https:" ? 443 : 80),
      path: url.pathname + url.search,
      agent: false,
      signal,
      headers: {
        Host: url.host,
        Date: new Date(at).toUTCString(),
        Link: `<${self}>; rel="self"`,
        "User-Agent": "thingscope",
        "Content-Length": body?.length ?? 0,
        ...(body && { "Content-Type": contentType }),
      },
    });
    sent.on("error", reject);
    sent.on("response", (response: IncomingMessage) => {
      const status = response.statusCode ?? 0;
      response.destroy(); // nobody reads what it says
      if (status >= 200 && status < 300) resolve();
      else reject(new Error(`It answered ${status}.`));
    });
    sent.end(body);
  });
}
