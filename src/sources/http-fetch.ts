import type { PausingReader } from "../base/receive.ts";
import { thrownError } from "../base/thrown.ts";
import { askWithLogin, mayLogIn } from "./ask-with-login.ts";
import { HttpCookies } from "./http-cookies.ts";
import type { HttpHead } from "./http-head.ts";
import { HttpLogin, type LoginData } from "./http-login.ts";
import { HttpStream } from "./http-stream.ts";
import { trustedFingerprint } from "./tls-trust.ts";

/** Received bytes that nobody has read yet, after which the sender has to wait. */
const HIGH_WATER_BYTES = 1024 * 1024;
const REDIRECTS = 5;

/** Whom a `fetch` trusts, and as whom it asks. */
export interface HttpFetchOptions {
  /** The SHA-256 fingerprint of the server's certificate, or a PEM file with it. */
  readonly trust?: string | undefined;
  /** As the server wants it, Basic or Digest, and not before it asks. */
  readonly login?: LoginData | undefined;
  /** The address that the login is for. */
  readonly loginAt?: URL | undefined;
}

/**
 * A `fetch` for GET that takes answers as cameras send them, and servers with a certificate that nobody vouches for. Redirects are
 * followed within one host; a login goes where `mayLogIn` allows it.
 * @throws {ThingError} `BAD_CONFIG` if `trust` is neither.
 */
export function httpFetch({ trust, login, loginAt }: HttpFetchOptions = {}): typeof fetch {
  const answering = login && new HttpLogin(login);
  const fingerprint = trust === undefined ? undefined : trustedFingerprint(trust);
  return async (input, init = {}) => {
    const signal = init.signal ?? new AbortController().signal;
    const headers = Object.fromEntries([
      ["Accept-Encoding", "identity"],
      ...new Headers(init.headers ?? {}),
    ]);
    let url = new URL(input instanceof Request ? input.url : input);
    const method = init.method ?? "GET";
    if (method !== "GET") throw new TypeError(`This connection can only GET, not ${method}.`);
    const first = url;
    const cookies = new HttpCookies();
    for (let redirects = 0; ; redirects++) {
      const target = url;
      const own = loginAt && mayLogIn(loginAt, target) ? answering : undefined;
      const { authorization: given, ...others } = headers;
      const sent = mayLogIn(first, target) ? given : undefined;
      const answer = await askWithLogin(own, target, async (authorization = sent) => {
        const login = authorization && { Authorization: authorization };
        const all = { ...others, ...cookies.headersFor(target), ...login };
        const response = await HttpStream.open(target, all, signal, fingerprint);
        cookies.take(target, response.head);
        return response;
      });
      const next = redirects < REDIRECTS ? redirectOf(answer.head, url) : undefined;
      if (!next) return responseOf(answer, url);
      answer.destroy();
      url = next;
    }
  };
}

function redirectOf({ status, headers }: HttpHead, from: URL): URL | undefined {
  const location = headers.get("location");
  if (status < 300 || status >= 400 || location === undefined) return undefined;
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const isHttp = to?.protocol === "http:" || to?.protocol === "https:";
  return isHttp && to.hostname === from.hostname ? to : undefined;
}

function responseOf(answer: HttpStream, url: URL): Response {
  const { status, statusText, headers } = answer.head;
  const isKnown = status >= 200 && status <= 599;
  const hasBody = ![204, 205, 304].includes(status);
  const response = new Response(hasBody ? bodyOf(answer) : null, {
    status: isKnown ? status : 502,
    statusText: statusText.replace(/[^\t\x20-\x7e]/g, "?"),
    headers: soundHeaders(headers),
  });
  Object.defineProperty(response, "url", { value: url.href });
  if (!hasBody) answer.destroy();
  return response;
}

/** The body of an answer as a stream, which makes its sender wait while it is not read. */
function bodyOf(answer: HttpStream): ReadableStream<Uint8Array> {
  let isPaused = false;
  let isLeft = false;
  const type = answer.head.headers.get("content-type") ?? "";
  const isEndless = /^multipart\//i.test(type); // whatever length is stated
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const reader: PausingReader = {
          get isPaused() {
            return isPaused;
          },
          read(bytes) {
            if (isLeft) return;
            controller.enqueue(new Uint8Array(bytes));
            isPaused = (controller.desiredSize ?? 0) <= 0;
          },
          place: () => undefined,
          received: () => {},
        };
        answer
          .read(reader, () => isEndless)
          .then(
            () => isLeft || controller.close(),
            (error) => isLeft || controller.error(thrownError(error)),
          );
      },
      pull() {
        isPaused = false;
        answer.resume();
      },
      cancel() {
        isLeft = true;
        answer.destroy();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: HIGH_WATER_BYTES }),
  );
}

function soundHeaders(headers: ReadonlyMap<string, string>): Headers {
  const sound = new Headers();
  for (const [name, value] of headers) {
    try {
      sound.append(name, value);
    } catch {
      // no header that this one can hold: whoever reads the answer needs none of them
    }
  }
  return sound;
}
