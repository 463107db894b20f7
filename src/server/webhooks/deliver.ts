import { type IncomingMessage, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { isIP } from "node:net";
import { withDeadline } from "../../base/abort.ts";

const TIMEOUT_MS = 5000;

export interface Delivery {
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
