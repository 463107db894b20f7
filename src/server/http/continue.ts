import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** What a client sends of a body that was refused is thrown away for this long, ms: one that is cut off at once never reads why. */
const REFUSED_MS = 2000;

/** Requests whose client waits to be told that its body is wanted. */
const waiting = new WeakSet<IncomingMessage>();

/**
 * Answers 100 Continue when a body begins to be read, by a route or by the user's own application, and not before: a
 * request that is refused has its refusal in its place, and the client keeps its body.
 * @see RFC 9110, 10.1.1 Expect.
 */
export function continueWhenRead(server: Server): void {
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (hasBody(request)) waitForReader(request, response);
    else response.writeContinue();
    server.emit("request", request, response);
  });
}

/** Whether the client of a request has a body, and waits to be told that it is wanted. */
export function awaitsContinue(request: IncomingMessage): boolean {
  return waiting.has(request);
}

function waitForReader(request: IncomingMessage, response: ServerResponse): void {
  waiting.add(request);
  const onReader = () => {
    end();
    if (!response.headersSent && !response.destroyed) response.writeContinue();
  };
  const onListener = (event: string | symbol) => event === "readable" && onReader();
  const end = () => {
    waiting.delete(request);
    request.off("resume", onReader).off("newListener", onListener);
  };
  // A body is read as it flows, or by whoever waits until it is readable. express throws away what it refuses before it says so.
  request.on("resume", onReader).on("newListener", onListener);
  response.once("prefinish", () => {
    if (!awaitsContinue(request)) return;
    end();
    closeSlowly(request.socket);
  });
}

/**
 * Has a connection end as a refusal needs it: the client, which may not wait to be told, can send on for a while and read
 * the answer. Node would close it with the answer, and the kernel reset it at the next byte of the body.
 */
function closeSlowly(socket: Socket): void {
  socket.destroySoon = () => {
    socket.end();
    const timer = setTimeout(() => socket.destroy(), REFUSED_MS).unref();
    socket.once("close", () => clearTimeout(timer));
  };
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
