import type { IncomingMessage } from "node:http";

/** Scheme, host and port as the client addressed us. A proxy on this machine may say that it spoke https. */
export function originOf(request: IncomingMessage): string {
  const fromLoopback = /^(::1|(::ffff:)?127\.)/.test(request.socket.remoteAddress ?? "");
  const forwarded = fromLoopback ? request.headers["x-forwarded-proto"] : undefined;
  const scheme = forwarded === "https" || "encrypted" in request.socket ? "https" : "http";
  return `${scheme}://${request.headers.host ?? "localhost"}`;
}
