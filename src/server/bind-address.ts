import { ThingError } from "../base/errors.ts";

/**
 * Why the server does not listen on `host`, if it does not: without login only this machine may reach it.
 * @param insecureNoAuth - Somebody decided that everybody who reaches the address may operate the instruments.
 */
export function bindAddressProblem(host: string, insecureNoAuth = false): ThingError | undefined {
  if (isLoopback(host) || insecureNoAuth) return undefined;
  return new ThingError(
    "BAD_ARGUMENT",
    `Listening on '${host}' would let everybody on the network see the cameras and move the instruments, as there is no login yet. Use --host 127.0.0.1 and reach it with ssh -L, or add --insecure-no-auth if you trust everybody on that network.`,
  );
}

/** What must be said, loudly, at the start of a server that everybody may operate. */
export function bindAddressWarning(host: string): string | undefined {
  if (isLoopback(host)) return undefined;
  return `NO LOGIN: everybody who reaches '${host}' over the network can see the cameras and operate the instruments, because of --insecure-no-auth.`;
}

/** True for an address that only programs of this machine reach. */
export function isLoopback(host: string): boolean {
  const address = host.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  return /^(localhost|::1|(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3})$/.test(address);
}
