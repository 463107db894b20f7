import type { RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { countedLimit } from "../../base/limit-hits.ts";

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

/** How long requests may be begun in one turn of the event loop, ms: then frames, timers and other sockets have theirs. */
const TURN_MS = 20;

/**
 * Begins requests as they come, and leaves what is too much for one turn of the event loop to the next ones. Node would read
 * what hundreds of connections have sent, and up to 32 times from each of them, before anything else has its turn.
 * What waits is bounded by who calls it: one request a connection.
 */
export class RequestTurns {
  readonly #waiting: (() => void)[] = [];
  /** When the first request of this turn was begun; undefined when there has been none. */
  #from: number | undefined;

  begin(handle: () => void): void {
    if (this.#waiting.length > 0 || !this.#hasTime()) this.#waiting.push(handle);
    else handle();
  }

  #hasTime(): boolean {
    const time = performance.now();
    if (this.#from === undefined) {
      this.#from = time;
      setImmediate(() => this.#nextTurn());
    }
    return time - this.#from < TURN_MS;
  }

  /** An immediate that is made by another one runs after timers and sockets have had their turn. */
  #nextTurn(): void {
    this.#from = undefined;
    while (this.#waiting.length > 0 && this.#hasTime()) this.#waiting.shift()!();
  }
}

function isDone({ writableFinished, destroyed }: ServerResponse): boolean {
  return writableFinished || destroyed;
}
