import type { HttpLogin } from "./http-login.ts";
import type { HttpStream } from "./http-stream.ts";

/** Without a login, with it, and with it and a new nonce. */
const LOGIN_TRIES = 3;

/**
 * Asks a server, again with a login when it wants one, and once more when its nonce is no longer good.
 * @param ask - Sends one request, with this value of `Authorization`.
 */
export async function askWithLogin(
  login: HttpLogin | undefined,
  url: URL,
  ask: (authorization: string | undefined) => Promise<HttpStream>,
): Promise<HttpStream> {
  for (let tries = 1; ; tries++) {
    const authorization = login?.authorizationFor(`${url.pathname}${url.search}`);
    const response = await ask(authorization);
    const { status, headers } = response.head;
    const isRefused = status === 401 || (status === 403 && authorization === undefined);
    if (!isRefused) login?.accepted(headers.get("authentication-info"));
    if (!isRefused || tries === LOGIN_TRIES || !login) return response;
    if (!login.refused(headers.get("www-authenticate"), authorization !== undefined))
      return response;
    response.destroy();
  }
}

/**
 * Whether a login for one address may be sent to another, to which it redirects: on the same origin, and from http to https at the
 * usual ports of one host, where the certificate shows which host that is.
 */
export function mayLogIn(from: URL, to: URL): boolean {
  const isUpgrade = from.protocol === "http:" && to.protocol === "https:";
  const isUsual = from.port === "" && to.port === "";
  return to.origin === from.origin || (isUpgrade && isUsual && to.hostname === from.hostname);
}
