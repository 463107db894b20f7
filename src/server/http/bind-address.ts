import { ThingError } from "../../base/errors.ts";

/** Who may use a server. */
export interface BindOptions {
  /** Whoever has logged in. */
  readonly hasLogin?: boolean;
  /** Somebody decided that everybody who reaches the address may operate the instruments. */
  readonly insecureNoAuth?: boolean;
}

/** Why the server does not listen on `host`, if it does not: without login only this machine may reach it. */
export function bindAddressProblem(
  host: string,
  { hasLogin = false, insecureNoAuth = false }: BindOptions = {},
): ThingError | undefined {
  if (hasLogin && insecureNoAuth) return new ThingError("BAD_ARGUMENT", CONTRADICTION);
  if (isLoopback(host) || hasLogin || insecureNoAuth) return undefined;
  return new ThingError(
    "BAD_ARGUMENT",
    `Listening on '${host}' would let everybody on the network see the cameras and move the instruments, as nobody has to log in. Give the server a login ({ login: {} }), or --insecure-no-auth if you trust everybody on that network.`,
  );
}

/** What must be said, loudly, at the start of a server that everybody may operate. */
export function bindAddressWarning(
  host: string,
  { hasLogin = false }: BindOptions = {},
): string | undefined {
  if (isLoopback(host) || hasLogin) return undefined;
  return `NO LOGIN: everybody who reaches '${host}' over the network can see the cameras and operate the instruments, because of --insecure-no-auth.`;
}

const CONTRADICTION =
  "--insecure-no-auth lets everybody in, and the login asks who it is: leave one of the two out.";

/** True for an address that only programs of this machine reach. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return /^(localhost|::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(address);
}
