import type { IncomingMessage, ServerResponse } from "node:http";
import { setSecurityHeaders } from "../../src/server/http/reply.ts";

/** Answers with a constant, and the headers that ours has. */
export function answer(response: ServerResponse, status: number, body = ""): void {
  setSecurityHeaders(response);
  response.setHeader("Cache-Control", "no-store");
  if (body) response.setHeader("Content-Type", "application/json");
  if (body) response.setHeader("Content-Length", body.length);
  response.writeHead(status);
  response.end(body);
}

/** The same once the request's body has come. */
export function answerAfter(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body = "",
): void {
  request.resume().on("end", () => answer(response, status, body));
}
