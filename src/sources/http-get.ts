import { reasonOf, ThingError } from "../base/errors.ts";
import { isMetadataAddress } from "../base/outgoing.ts";
import { thrownError } from "../base/thrown.ts";
import { STREAM_ACCEPT } from "../frames/sent-picture.ts";
import { askWithLogin, mayLogIn } from "./ask-with-login.ts";
import { HttpCookies } from "./http-cookies.ts";
import { HttpFault, type HttpHead } from "./http-head.ts";
import { type HttpLogin, unknownLogins } from "./http-login.ts";
import { refusalIn } from "./http-problem.ts";
import { HttpStream } from "./http-stream.ts";
import { TlsFault } from "./tls-trust.ts";

const REDIRECTS = 5;
/** How long the second connection may wait for its answer. */
const FRESH_EVERY_MS = 1500;
/** What OpenSSL says of TLS 1.0 and 1.1, and of ciphers and keys of that time. */
const OLD_TLS =
  /alert protocol version|unsupported protocol|handshake failure|dh key too small|no shared cipher/i;
const REDIRECT_STATUS = new Set([301, 302, 303, 307, 308]);

/** A server's response that is not a stream. */
export class HttpRefusal extends ThingError {
  /** The HTTP status of the answer. */
  readonly answered: number;

  constructor(answered: number, message: string) {
    super("SOURCE_FAILED", message);
    this.answered = answered;
  }
}

/** How a server is asked. */
export interface HttpGetOptions {
  /** Sent where `mayLogIn` allows it only. */
  readonly login?: HttpLogin | undefined;
  /** The value of `Authorization`, in place of a login. */
  readonly authorization?: string | undefined;
  /** Of the one certificate that is trusted. */
  readonly fingerprint?: string | undefined;
  /** Those of earlier requests, and of this one. */
  readonly cookies?: HttpCookies | undefined;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/**
 * Gets a stream or a picture over HTTP. Redirects are followed on the same host only; a login is not sent after a redirect
 * to another port or from https to http, since another server may listen there (see `mayLogIn`).
 * @returns An answer of success that may have a body, or 304.
 * @throws {ThingError} `SOURCE_FAILED` with one plain reason: an `HttpRefusal` if the server refuses.
 */
export async function openHttp(
  url: URL,
  signal: AbortSignal,
  given: HttpGetOptions = {},
): Promise<HttpStream> {
  const options = { cookies: new HttpCookies(), ...given };
  let at = url;
  for (let redirects = 0; redirects <= REDIRECTS; redirects++) {
    const isSame = mayLogIn(url, at);
    const allowed = isSame ? options : { ...options, login: undefined, authorization: undefined };
    const target = at;
    const response = await askWithLogin(allowed.login, target, (authorization) =>
      request(target, signal, {
        ...allowed,
        authorization: allowed.authorization ?? authorization,
      }),
    );
    const { status, headers } = response.head;
    if (mayHavePictures(status)) return response;
    const isRedirect = REDIRECT_STATUS.has(status);
    const refusal = isRedirect ? undefined : await refusalIn(response);
    response.destroy();
    if (!isRedirect) {
      const hasLogin = (options.login ?? options.authorization) !== undefined;
      const reason = statusReason(response.head, { hasLogin, isSame, refusal });
      throw new HttpRefusal(status, `${withoutSecrets(at)} ${reason}`);
    }
    at = redirected(at, headers.get("location") ?? "");
  }
  throw failed(url, `redirects more than ${REDIRECTS} times.`);
}

/**
 * Like `openHttp`, for a network that may fail and recover: a connection that was opened during the failure may notice the
 * recovery late or never. So until a response arrives, a second connection is opened beside the first, which a slow camera may
 * still answer, and is replaced repeatedly. The first response wins. There are never more than two connections.
 */
export function openHttpSoon(
  url: URL,
  signal: AbortSignal,
  options: HttpGetOptions = {},
): Promise<HttpStream> {
  return new Promise((resolve, reject) => {
    const first = new AbortController();
    let second: AbortController | undefined;
    let isOver = false;
    const end = (winner?: AbortController) => {
      isOver = true;
      clearInterval(timer);
      for (const one of [first, second]) if (one !== winner) one?.abort();
    };
    const attempt = (own: AbortController) =>
      openHttp(url, AbortSignal.any([signal, own.signal]), options).then(
        (response) => {
          if (isOver) return response.destroy();
          end(own);
          resolve(response);
        },
        (error) => {
          if (isOver || own !== first) return; // a second one may be refused where one client only is served
          end();
          reject(error);
        },
      );
    const timer = setInterval(() => {
      second?.abort();
      second = new AbortController();
      void attempt(second);
    }, FRESH_EVERY_MS);
    void attempt(first);
  });
}

/** Cameras answer with any code of success: a picture as 206, since a proxy asked for a range of it, or as 201. */
function mayHavePictures(status: number): boolean {
  return status === 304 || (status >= 200 && status < 300 && status !== 204 && status !== 205);
}

/** An address that may be logged and shown: without login and query. */
export function withoutSecrets(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

async function request(
  url: URL,
  signal: AbortSignal,
  { authorization, fingerprint, cookies, headers: further }: HttpGetOptions,
): Promise<HttpStream> {
  if (isMetadataAddress(url.hostname)) {
    throw failed(url, "is a cloud metadata address, not a camera. Check the address.");
  }
  const headers = {
    Accept: `${STREAM_ACCEPT}, image/jpeg;q=0.1`,
    "Accept-Encoding": "identity",
    ...further,
    ...cookies?.headersFor(url),
    ...(authorization !== undefined && { Authorization: authorization }),
  };
  try {
    const response = await HttpStream.open(url, headers, signal, fingerprint);
    cookies?.take(url, response.head);
    return response;
  } catch (thrown) {
    const error = thrownError(thrown);
    throw signal.aborted ? error : failed(url, networkReason(url, error), error);
  }
}

function redirected(from: URL, location: string): URL {
  if (location === "") throw failed(from, "redirects without saying where to. Check the address.");
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!to || (to.protocol !== "http:" && to.protocol !== "https:")) {
    throw failed(from, `redirects to '${location}', which is not an http address.`);
  }
  if (to.hostname !== from.hostname) {
    throw failed(
      from,
      `redirects to another host, ${to.hostname}. Use that address if it is correct.`,
    );
  }
  return to;
}

function statusReason(
  { status, statusText, headers }: HttpHead,
  {
    hasLogin,
    isSame,
    refusal,
  }: { hasLogin: boolean; isSame: boolean; refusal?: string | undefined },
): string {
  const isLogin = status === 401 || status === 403;
  if (isLogin && hasLogin && !isSame) {
    return `is the target of a redirect to another port or from https to http, so the login was not sent there (${status}). Use this address if it is correct.`;
  }
  const unknown = isLogin && unknownLogins(headers.get("www-authenticate") ?? "");
  if (unknown)
    return `requires a login by ${unknown} (${status}), which is not known here. Set the camera to Basic or Digest.`;
  if (isLogin && hasLogin) {
    return `refuses the login (${status}). Check user name and password; in an address, % is written as %25, @ as %40, : as %3A and / as %2F.`;
  }
  if (isLogin) {
    return `requires a login (${status}). Put it into the address, http://user:password@host/path, or into username and password.`;
  }
  const answered = `answered ${`${status} ${statusText}`.trim()}`;
  if (refusal !== undefined) return `${answered}: ${refusal}`;
  if (status === 429 || status === 503)
    return `${answered}: it may have as many viewers as it takes. Close others; it is asked again.`;
  if (status >= 500)
    return `${answered}. Check the address, and restart the camera if it stays so.`;
  return `${answered}. Check the address.`;
}

function networkReason(url: URL, error: Error): string {
  const code = "code" in error ? error.code : "";
  if (code === "ECONNREFUSED")
    return `cannot be reached: nothing listens on port ${url.port || (url.protocol === "https:" ? 443 : 80)}. Switch the camera on, or correct the address.`;
  if (code === "ENOTFOUND" || code === "EAI_AGAIN")
    return `cannot be reached: the host name ${url.hostname} is unknown. Correct the address.`;
  const isHttps = url.protocol === "https:";
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER")
    return `cannot be read: its port ${url.port || 443} does not speak TLS. Write http:// instead of https://, or correct the port.`;
  if (isHttps && OLD_TLS.test(error.message))
    return `cannot be read: it speaks an old TLS only, which is not safe. Update the camera, or write http:// instead of https://.`;
  if (error instanceof HttpFault) return error.message;
  if (error instanceof TlsFault) return `cannot be read: ${error.message}`;
  return `cannot be read: ${reasonOf(error)}.`;
}

function failed(url: URL, reason: string, cause?: unknown): ThingError {
  return new ThingError("SOURCE_FAILED", `${withoutSecrets(url)} ${reason}`, { cause });
}
