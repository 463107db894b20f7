import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ThingError } from "../../base/errors.ts";
import { isEndless } from "./body-stream.ts";
import { problemOf } from "./problem.ts";
import { writeProblem } from "./reply.ts";
import { PROBLEM_TYPE } from "./route.ts";

/** What Node tells of bytes that its parser refused. */
interface ParseError extends Error {
  readonly code?: string;
  readonly reason?: string;
  readonly rawPacket?: Buffer;
}

/**
 * Answers what is not a request, which the table of routes never sees, by a problem as everywhere else: bytes that the
 * parser refuses, CONNECT, and expectations that nobody fulfils. Connections whose next request could begin
 * anywhere are closed.
 * @see RFC 9112, 2.3 (501), 3 (414, 400); RFC 9110, 10.1.1 Expect (417); RFC 6585, 5 (431).
 */
export function answerClientErrors(server: Server): void {
  server.on("clientError", (error: ParseError, socket) => {
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && isEndless(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else if (error.code === "HPE_CLOSED_CONNECTION")
      return; // bytes after the last request, which has its answer: RFC 9112, 9.6
    else endWith(socket, errorFor(error));
  });
  server.on("connect", (_request: IncomingMessage, socket: Duplex) => {
    socket.on("error", () => {});
    endWith(socket, notImplemented("CONNECT"));
  });
  server.on("checkExpectation", (request: IncomingMessage, response: ServerResponse) => {
    const error = new ThingError(
      "EXPECTATION_FAILED",
      `The request expects '${String(request.headers.expect).slice(0, 80)}', which this server does not support. Send it without the Expect header.`,
    );
    response.shouldKeepAlive = false; // the body, if there is one, is not read
    writeProblem(request, response, problemOf(error));
  });
}

function errorFor({ code, reason, rawPacket }: ParseError): ThingError {
  const head = rawPacket?.subarray(0, 16 * 1024).toString("latin1") ?? "";
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new ThingError(
      "BODY_TOO_SLOW",
      "The request was not complete in time. Send it again over a faster connection.",
    );
  }
  if (code === "HPE_HEADER_OVERFLOW") {
    return /^[A-Z]+ [^\r\n]*$/.test(head)
      ? new ThingError("TARGET_TOO_LONG", "The request target is longer than this server accepts.")
      : new ThingError(
          "HEADERS_TOO_LARGE",
          "The head of the request is longer than 16 KiB. Send fewer or shorter header fields; cookies that other sites set for this host can be deleted.",
        );
  }
  const [, method] = /^([!#$%&'*+.^_`|~\w-]{1,32}) \S+ HTTP\/1\.[01]\r?\n/.exec(head) ?? [];
  const isOwn = METHODS.includes(method ?? "");
  if (code === "HPE_INVALID_METHOD" && method !== undefined && !isOwn)
    return notImplemented(method);
  return new ThingError(
    "MALFORMED_REQUEST",
    `This is not a valid HTTP/1.1 request: ${reason ?? "it cannot be read"}. Send it as RFC 9112 specifies${code === "HPE_INVALID_METHOD" ? UNSIZED : ""}.`,
  );
}

function notImplemented(method: string): ThingError {
  return new ThingError(
    "NOT_SUPPORTED",
    `This server does not support the method ${method}. It supports ${METHODS.slice(0, -1).join(", ")} and ${METHODS.at(-1)}.`,
  );
}

const METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE"];
/** The bytes of a body without a length are read as the next request. */
const UNSIZED = ", and a body with its Content-Length, or chunked";

const REASONS: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  414: "URI Too Long",
  431: "Request Header Fields Too Large",
  501: "Not Implemented",
};

/** There is no response to write to: the connection itself is told, and ends. */
function endWith(socket: Duplex, error: ThingError): void {
  const body = JSON.stringify(problemOf(error));
  const head = [
    `HTTP/1.1 ${error.status} ${REASONS[error.status] ?? ""}`,
    `Content-Type: ${PROBLEM_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
