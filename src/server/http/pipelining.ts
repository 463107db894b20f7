import type { RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { countedLimit } from "../../base/limit-hits.ts";
import { RequestTurns } from "./request-turns.ts";

/** Requests of one connection that wait for the answer to an earlier one. */
const MOST_WAITING = 16;

const waitingLimit = countedLimit("pipelined_requests");

interface Line {
  last: ServerResponse;
  waiting: number;
}

/**
 * Hands on one request of a connection at a time, in order, and no more in one turn of the event loop than it has time for. Node would hand on all that a client sends without
 * waiting, and hold all their answers for one that does not read. A client that sends too many is disconnected: what a
 * parser has read cannot be unread.
 */
export function inTurn(listener: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, Line>();
  const turns = new RequestTurns();
  const begin: RequestListener = (request, response) =>
    turns.begin(() => response.destroyed || listener(request, response));
  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (!line || isDone(line.last)) {
      lines.set(socket, { last: response, waiting: 0 });
      begin(request, response);
      return;
    }
    if (socket.destroyed) return;
    if (line.waiting >= MOST_WAITING) {
      waitingLimit.hit();
      socket.destroy();
      return;
    }
    line.waiting += 1;
    line.last.once("close", () => {
      line.waiting -= 1;
      if (!socket.destroyed) begin(request, response);
    });
    line.last = response;
  };
}

function isDone({ writableFinished, destroyed }: ServerResponse): boolean {
  return writableFinished || destroyed;
}
