import { type IncomingMessage, type Server, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import { ThingError } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { pagesVersion } from "../../base/page-files.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { BlobStore } from "../../files/blob-store.ts";
import { challengeFor, type Gate } from "../access/login/gate.ts";
import type { AccessPolicy } from "../access/policy.ts";
import { ClientShares, clientOf, covers, roleOf } from "../http/identity.ts";
import { rootOf } from "../http/origin.ts";
import { problemOf } from "../http/problem.ts";
import { NotificationHub } from "../notifications/thing-notifications.ts";
import { thingId } from "../td/description.ts";
import { offersWebSocket, upgradeDecliner } from "./declined-upgrade.ts";
import { messagesEndpointAt, serveMessages } from "./endpoint-sockets.ts";
import { explainedSocket } from "./explained-socket.ts";
import { FramesSession } from "./frames.ts";
import { ObserverSession } from "./labthings.ts";
import { WEB_THING } from "./routes.ts";
import type { SocketSession } from "./session.ts";
import { WebThingSession } from "./webthing.ts";
import type { WebThingSessionOptions } from "./webthing-operations.ts";

interface WebSocketOptions {
  readonly server: Server;
  readonly host: ThingHost;
  readonly policy: AccessPolicy;
  readonly gate?: Gate | undefined;
  readonly hub?: NotificationHub;
  /** Where files that actions take and return are. */
  readonly blobs?: BlobStore;
  /** Before `/{thing}/ws`, e.g. `/api/v3`. */
  readonly prefix?: string;
  readonly log: Log;
  readonly maxConnections?: number;
  /** A client that has not answered a ping when the next is due is gone: 15 s. */
  readonly pingMs?: number;
}

/** The WebSockets of one server. */
export interface WebSockets {
  readonly stats: WebSocketStats;
  /** Tells every client that the server stops, and resolves when all are gone, within half a second. */
  close(): Promise<void>;
}

export interface WebSocketStats {
  /** Open now. */
  readonly connections: number;
  /** Opened ever. */
  readonly opened: number;
  /** Messages that a newer one replaced, because their reader was behind. */
  readonly replaced: number;
  /** Connections ended for reading too slowly, sending too much, or not answering. */
  readonly ended: number;
}

/** What is known of a client when it connects. */
type Client = Pick<WebThingSessionOptions, "mayOperate" | "role" | "base">;

const refused = countedLimit("websockets");

const GOING_AWAY = 1001;
/** Of one message. */
const MOST_BYTES = 64 * 1024;
const CLOSE_MS = 500;

/** Serves LabThings' dialect, and the Web Thing Protocol to who asks for it, at `{prefix}/{thing}/ws`. Call before the server listens. */
export function serveWebSockets({
  server,
  host,
  policy,
  gate,
  hub = new NotificationHub(),
  blobs,
  prefix = "",
  log,
  maxConnections = 200,
  pingMs = 15_000,
}: WebSocketOptions): WebSockets {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_BYTES,
    WebSocket: explainedSocket(MOST_BYTES),
    maxFragments: 64,
    perMessageDeflate: false,
    handleProtocols: (offered) => offered.has(WEB_THING) && WEB_THING,
  });
  const sessions = new Map<WebSocket, SocketSession>();
  /** WebSockets of Things' own endpoints. */
  const owned = new Map<Duplex, () => void>();
  const shares = new ClientShares();
  const mostOfOne = Math.max(1, Math.floor(maxConnections / 2));
  const counts = { opened: 0, replaced: 0, ended: 0 };
  const ping = setInterval(() => {
    for (const session of sessions.values()) session.ping();
  }, pingMs).unref();
  const decline = upgradeDecliner(server);
  server.on("upgrade", upgrade);

  async function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on("error", () => {}); // "close" follows, and is all there is to do
    try {
      if (!offersWebSocket(request)) {
        if (!decline(request, socket, head)) throw tooManyHeaders();
        return;
      }
      policy.checkUpgrade(request);
      const identity = await gate?.authenticateUpgrade(request, socket);
      const url = request.url ?? "/";
      const own = messagesEndpointAt(url, host, prefix);
      gate?.authorize(request, { role: own?.endpoint.role ?? "view", path: url });
      const client = clientOf(identity, request);
      if (sessions.size + owned.size >= maxConnections) throw tooMany(maxConnections, "in total");
      if (shares.countOf(client) >= mostOfOne) throw tooMany(mostOfOne, "of this client");
      if (own) {
        owned.set(socket, shares.take(client));
        socket.once("close", () => leaveOwned(socket));
        await serveMessages(own, request, socket, head, identity);
        return;
      }
      if (url.split("?", 1)[0] === `${prefix}/frames`) {
        sockets.handleUpgrade(request, socket, head, (opened) => {
          const session = new FramesSession(opened, host, pagesVersion());
          follow(opened, session, "the frames of all streams", shares.take(client));
        });
        return;
      }
      const hosted = thingAt(url, host, prefix);
      const role = roleOf(identity);
      const mayOperate = covers(role, "operate");
      const base = rootOf(request) + prefix;
      sockets.handleUpgrade(request, socket, head, (opened) =>
        open(opened, hosted, { mayOperate, role, base }, shares.take(client)),
      );
    } catch (error) {
      refuse(request, socket, error);
    }
  }

  function leaveOwned(socket: Duplex): void {
    owned.get(socket)?.();
    owned.delete(socket);
  }

  function sessionFor(socket: WebSocket, hosted: HostedThing, client: Client): SocketSession {
    if (socket.protocol !== WEB_THING) return new ObserverSession(socket, hosted, log);
    const { invocations } = host;
    const notifications = hub.of(hosted);
    const thingID = thingId(host, hosted.name);
    const thing = { hosted, thingID, invocations, notifications, blobs };
    return new WebThingSession(socket, { ...thing, ...client });
  }

  function open(socket: WebSocket, hosted: HostedThing, client: Client, leave: () => void): void {
    const session = sessionFor(socket, hosted, client);
    follow(socket, session, `'${hosted.name}'`, leave);
    const stop = hosted.departure.onLeft(({ message }) => session.goAway(message));
    socket.on("close", stop);
  }

  function follow(socket: WebSocket, session: SocketSession, of: string, leave: () => void): void {
    sessions.set(socket, session);
    counts.opened += 1;
    socket.on("error", ({ message }) => log.debug(`WebSocket of ${of}: ${message}`));
    socket.on("close", () => {
      sessions.delete(socket);
      leave();
      counts.replaced += session.outbox.replaced;
      if (session.endedFor === undefined) return;
      counts.ended += 1;
      log.warn(`A WebSocket client of ${of} was disconnected: ${session.endedFor}`);
    });
  }

  return {
    get stats() {
      const replaced = [...sessions.values()].reduce((sum, { outbox }) => sum + outbox.replaced, 0);
      const connections = sessions.size + owned.size;
      return { ...counts, connections, replaced: counts.replaced + replaced };
    },
    async close() {
      clearInterval(ping);
      server.off("upgrade", upgrade);
      for (const socket of owned.keys()) socket.destroy();
      await closeAll([...sessions.keys()]);
    },
  };
}

/** @throws {ThingError} `NOT_FOUND` unless the path is that of a Thing's WebSocket. */
function thingAt(url: string, host: ThingHost, prefix: string): HostedThing {
  const path = url.split("?")[0]!;
  const name = path.startsWith(`${prefix}/`) ? path.slice(prefix.length + 1) : "";
  const hosted = name.endsWith("/ws") ? host.things.get(name.slice(0, -"/ws".length)) : undefined;
  if (hosted) return hosted;
  throw new ThingError(
    "NOT_FOUND",
    `There is no WebSocket at ${path}. Each Thing has one, at ${prefix}/{thing}/ws.`,
  );
}

function tooMany(limit: number, whose: string): ThingError {
  refused.hit();
  return new ThingError(
    "TOO_MANY_CONNECTIONS",
    `There are ${limit} WebSockets ${whose} already, which is the limit. Close one, or try again in a few seconds.`,
  );
}

function tooManyHeaders(): ThingError {
  return new ThingError(
    "HEADERS_TOO_LARGE",
    "The request has more than 100 header fields. Send fewer, or leave out the Upgrade header.",
  );
}

/** Answers an upgrade with a problem instead. */
function refuse(request: IncomingMessage, socket: Duplex, error: unknown): void {
  const problem = problemOf(error);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ""}`,
    "Content-Type: application/problem+json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    ...(problem.status === 401 ? [`WWW-Authenticate: ${challengeFor(request)}`] : []),
    ...(problem.status === 503 ? ["Retry-After: 5"] : []),
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}

async function closeAll(sockets: readonly WebSocket[]): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once("close", resolve)));
  for (const socket of sockets) socket.close(GOING_AWAY, "The server is stopping.");
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.terminate();
  }, CLOSE_MS);
  await Promise.all(closed);
  clearTimeout(cut);
}
