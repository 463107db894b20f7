import type { IncomingMessage } from "node:http";
import { addressedOf } from "../../http/forwarded.ts";
import { IDLE_MS } from "./session-store.ts";

/** Cookies are not told apart by port, so this one's name has it. */
function cookieName({ socket }: IncomingMessage): string {
  return `thingscope-${socket.localPort ?? 0}`;
}

/** The secret of the session that a browser sent along. */
export function sessionSecretIn(request: IncomingMessage): string | undefined {
  const name = `${cookieName(request)}=`;
  const found = request.headers.cookie?.split("; ").find((pair) => pair.startsWith(name));
  const secret = found?.slice(name.length);
  return secret && /^[\w-]{32}$/.test(secret) ? secret : undefined;
}

/** No script reads it, and no page of another site sends it. */
export function sessionCookie(request: IncomingMessage, secret: string): string {
  return setCookie(request, secret, IDLE_MS / 1000);
}

export function noSessionCookie(request: IncomingMessage): string {
  return setCookie(request, "", 0);
}

function setCookie(request: IncomingMessage, value: string, seconds: number): string {
  const { scheme, prefix } = addressedOf(request);
  const secure = scheme === "https" ? "; Secure" : "";
  return `${cookieName(request)}=${value}; Path=${prefix}/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}
