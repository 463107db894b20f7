import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { messageOf, ThingError } from "../../base/errors.ts";
import { slowReaders } from "../../base/slow-readers.ts";
import { AccessPolicy } from "../../server/access/policy.ts";
import { applyLimits, REQUEST_LIMITS } from "../../server/http/listen.ts";
import { inTurn } from "../../server/http/request-turns.ts";
import { offersWebSocket, upgradeDecliner } from "../../server/websocket/declined-upgrade.ts";
import { explainedSocket } from "../../server/websocket/explained-socket.ts";
import type { Complaints } from "../complaints.ts";
import { listenOn } from "../wire-address.ts";
import { type Gateway, pathOf, responseTo } from "./routes.ts";
import type { ListedCamera } from "./served-camera.ts";

const MOST_SOCKETS = 100;
const LARGEST_MESSAGE = 1024; // bytes; clients have nothing to send
const MOST_UNSENT = 1_000_000; // bytes; slower clients are disconnected
const cutListeners = slowReaders("thorvision_listener", "cut");

/** ThorVision's HTTP protocol: its routes, and `/ws`, which notifies clients of cameras that come and go. */
export class ThorVisionHttp {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    ...{ noServer: true, maxPayload: LARGEST_MESSAGE },
    WebSocket: explainedSocket(LARGEST_MESSAGE),
  });
  readonly #gateway: Gateway;
  readonly #complaints: Complaints;
  readonly #policy = new AccessPolicy();
  readonly #decline: ReturnType<typeof upgradeDecliner>;

  constructor(gateway: Gateway, complaints: Complaints) {
    this.#gateway = gateway;
    this.#complaints = complaints;
    const answer = inTurn((request, response) => void this.#respond(request, response));
    this.#server = createServer(REQUEST_LIMITS, answer);
    applyLimits(this.#server);
    this.#decline = upgradeDecliner(this.#server);
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#server.on("clientError", (error, socket) => this.#refuseHead(error, socket));
    this.#server.on("drop", () => {
      complaints.add(
        "too_many_connections",
        "More clients tried to connect than are served at a time.",
      );
    });
  }

  /** How many clients listen at `/ws`. */
  get listeners(): number {
    return this.#sockets.clients.size;
  }

  /** @returns The port. @throws {ThingError} `PORT_IN_USE`, `BAD_ARGUMENT`. */
  listen(host: string, port: number): Promise<number> {
    this.#policy.allowHost(host);
    return listenOn(this.#server, host, port);
  }

  /** Notifies all listeners at `/ws`; older clients need the whole camera also when it is removed. */
  notify(event_type: "Added" | "Removed", camera: ListedCamera): void {
    const text = JSON.stringify({ event_type, camera });
    for (const client of this.#sockets.clients) {
      if (client.bufferedAmount <= MOST_UNSENT) client.send(text);
      else {
        cutListeners();
        client.terminate();
      }
    }
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    if (!this.#server.listening) return;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  async #respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      this.#policy.check(request);
      reply(response, 200, await responseTo(request, this.#gateway));
    } catch (error) {
      const status = statusOf(error);
      const detail = messageOf(error);
      this.#complaints.add("refused", `${request.socket.remoteAddress} was refused: ${detail}`);
      if (!response.headersSent) reply(response, status, { detail });
      if (!request.complete) response.once("finish", () => request.socket.destroySoon());
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    if (!offersWebSocket(request) && this.#decline(request, socket, head)) return;
    try {
      this.#policy.checkUpgrade(request);
      if (pathOf(request) !== "/ws")
        throw new ThingError("NOT_FOUND", "WebSockets are served at /ws.");
      if (this.listeners >= MOST_SOCKETS) {
        throw new ThingError(
          "TOO_MANY_CONNECTIONS",
          `${MOST_SOCKETS} clients listen already, which is the limit. Close one first.`,
        );
      }
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        client.on("error", () => client.terminate());
      });
    } catch (error) {
      this.#complaints.add("refused", `A WebSocket was refused: ${messageOf(error)}`);
      endWith(socket, statusOf(error), messageOf(error));
    }
  }

  /** Handles invalid requests: an incomplete head, or not HTTP. */
  #refuseHead(error: NodeJS.ErrnoException, socket: Duplex): void {
    const isSlow = error.code === "ERR_HTTP_REQUEST_TIMEOUT";
    const why = isSlow
      ? "did not send a complete request in time"
      : "sent something that is not HTTP";
    if (error.code !== "ECONNRESET") this.#complaints.add("bad_request", `A client ${why}.`);
    endWith(socket, isSlow ? 408 : 400, `The client ${why}.`);
  }
}

/** A UDP port in use is a conflict with the client's request. */
function statusOf(error: unknown): number {
  if (!(error instanceof ThingError)) return 500;
  return error.code === "PORT_IN_USE" ? 409 : error.status;
}

function reply(response: ServerResponse, status: number, answer: string | object): void {
  const isText = typeof answer === "string";
  const body = isText ? answer : JSON.stringify(answer);
  response.writeHead(status, {
    "Content-Type": isText ? "text/plain; charset=utf-8" : "application/json",
    "Content-Length": Buffer.byteLength(body),
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  });
  response.end(body);
}

function endWith(socket: Duplex, status: number, detail: string): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify({ detail });
  const head = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json\r\n`;
  socket.end(
    `${head}Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
  socket.once("finish", () => socket.destroy());
}
