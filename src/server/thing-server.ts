import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import type { Log } from "../base/log.ts";
import { tellOfAddons } from "../base/native.ts";
import { limitUnsent } from "../base/unsent.ts";
import type { ModelChange } from "../core/instance-affordances.ts";
import type { ThingHost } from "../core/thing-host.ts";
import { BlobStore } from "../files/blob-store.ts";
import { accountRoutes } from "./access/login/account-routes.ts";
import { secretsFolder } from "./access/login/accounts-file.ts";
import { Gate, type RequestGate } from "./access/login/gate.ts";
import { KnownClientGate } from "./access/login/known-client-gate.ts";
import { Login, type LoginOptions } from "./access/login/login.ts";
import { loginRoutes, whoRoute } from "./access/login/routes.ts";
import { AccessPolicy } from "./access/policy.ts";
import { warnOfPublicClients } from "./access/public-clients.ts";
import { type Announcement, announceThings } from "./directory/mdns.ts";
import { answerClientErrors } from "./http/client-errors.ts";
import { continueWhenRead } from "./http/continue.ts";
import type { Identity } from "./http/identity.ts";
import {
  applyLimits,
  bindAddressProblem,
  bindAddressWarning,
  listenAt,
  REQUEST_LIMITS,
  TLS_LIMITS,
} from "./http/listen.ts";
import { inTurn } from "./http/request-turns.ts";
import type { Route } from "./http/route.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import { NotificationHub } from "./notifications/thing-notifications.ts";
import { newOwnApp, type OwnApp } from "./own-app.ts";
import { listenerOf, newestListener, withoutStreams } from "./router.ts";
import { RouteTable } from "./routes.ts";
import type { JoiningServer, ServerBridge, ServerOptions } from "./server-options.ts";
import { openApiRoute } from "./td/openapi.ts";
import { securityFor } from "./td/security.ts";
import { Webhooks } from "./webhooks/webhooks.ts";
import { serveWebSockets, type WebSockets } from "./websocket/server.ts";

/** Things over HTTP and WebSocket. Add all Things to the host first, then `listen`. */
export class ThingServer implements JoiningServer {
  readonly host: ThingHost;
  /** Before every path. */
  readonly prefix: string;
  /** What all Things tell by themselves. */
  readonly notifications: NotificationHub;
  /** Who may talk to it, before anybody has logged in. */
  readonly access: AccessPolicy;
  #routes: readonly Route[] = [];
  /** What of the table has changed in a Thing since it was made: requests do not look at limits, descriptions do. */
  #stale: ModelChange["what"] | undefined;
  readonly #makeRoutes: () => Route[];
  readonly #listenerOf: (routes: readonly Route[], gate?: RequestGate) => RequestListener;
  #answer: RequestListener = () => {};
  #embed: readonly string[] | "all";
  #bound: { readonly host: string; readonly port: number } | undefined;
  readonly #log: Log;
  readonly #insecureNoAuth: boolean;
  readonly #mdns: boolean | string;
  readonly #bridges: readonly ServerBridge[];
  readonly #login: Login | undefined;
  readonly #isSecure: boolean;
  readonly #server: Server;
  readonly #webSockets: WebSockets;
  readonly #webhooks: Webhooks | undefined;
  readonly #monitoring: Monitoring;
  readonly #sockets = new Set<Socket>();
  #announcement: Announcement | undefined;
  #app: OwnApp | undefined;

  constructor(
    host: ThingHost,
    {
      apiPrefix: prefix = "",
      embed = [],
      insecureNoAuth = false,
      mdns = false,
      webhooks,
      login,
      tls,
      fleet,
      bridges = [],
      maxConnections,
      ...policy
    }: ServerOptions = {},
  ) {
    this.host = host;
    this.#log = host.log;
    this.access = new AccessPolicy(policy);
    this.#insecureNoAuth = insecureNoAuth;
    this.prefix = prefix;
    this.#mdns = mdns;
    this.#bridges = fleet ? [fleet, ...bridges] : bridges;
    this.#login = login && newLogin(login, host);
    this.#isSecure = tls !== undefined;
    const hasLogin = this.#login !== undefined;
    host.hasLogin ||= hasLogin;
    const blobs = new BlobStore({ log: this.#log });
    host.invocations.onForget(({ output }) => blobs.release(output));
    const shared = { host, prefix, log: this.#log, policy: this.access, hasLogin };
    const hub = new NotificationHub({ log: this.#log, prefix });
    this.notifications = hub;
    this.#webhooks = webhooks && new Webhooks(webhooks, this.#log);
    this.#monitoring = new Monitoring({
      ...shared,
      webSockets: () => this.#webSockets.stats,
      eventStreams: hub.counts,
      webhooks: this.#webhooks,
      logins: this.#login?.counts,
      fleet: fleet && (() => fleet.health()),
    });
    this.#embed = embed;
    const security = securityFor(hasLogin);
    const table = new RouteTable({
      host,
      prefix,
      blobs,
      security,
      hub,
      fleet,
      webhooks: this.#webhooks,
    });
    this.#makeRoutes = () => [
      ...table.routes(),
      ...this.#monitoring.routes,
      openApiRoute(() => this.routes, shared),
      whoRoute(prefix, hasLogin),
      ...(this.#login ? loginRoutes(this.#login, prefix, () => this.routes) : []),
      ...(this.#login ? accountRoutes(this.#login, prefix, () => this.#bound) : []),
    ];
    this.#routes = this.#makeRoutes();
    const ownGate = this.#login && new Gate(this.#login, prefix, this.routes);
    const embeds = ({ path }: Route) =>
      this.#embed === "all" || this.#embed.some((name) => path.startsWith(`${prefix}/${name}/`));
    this.#listenerOf = (routes, gate: RequestGate | undefined = ownGate) =>
      listenerOf(routes, { ...shared, embeds, gate, app: () => this.#app });
    this.#answer = this.#listenerOf(this.#routes);
    host.onModel((_, { what }) => {
      this.#stale = this.#stale === "affordances" ? this.#stale : what;
    });
    const answer = inTurn((request, response) => {
      if (this.#stale === "affordances") this.#makeTable();
      this.#answer(request, response);
    });
    this.#server = tls
      ? createSecureServer({ ...REQUEST_LIMITS, ...TLS_LIMITS, ...tls }, answer)
      : createServer(REQUEST_LIMITS, answer);
    applyLimits(this.#server, maxConnections === undefined ? {} : { maxConnections });
    answerClientErrors(this.#server);
    continueWhenRead(this.#server);
    this.#monitoring.watch(this.#server);
    warnOfPublicClients(this.#server, this.#log);
    this.#webSockets = serveWebSockets({
      ...shared,
      gate: ownGate,
      hub,
      blobs,
      server: this.#server,
    });
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /**
   * An express application for routes and middleware of your own. What is no path of the server's goes to it, after access and
   * login: GET, HEAD and OPTIONS need the role view, everything else operate. Its middleware sees what is for the server's own routes,
   * too, before they answer; one that reads a body belongs to a route of yours.
   */
  get app(): OwnApp {
    this.#app ??= newOwnApp();
    return this.#app;
  }

  /** Everything that this server answers by itself. */
  get routes(): readonly Route[] {
    if (this.#stale) this.#makeTable();
    return this.#routes;
  }

  get bound(): JoiningServer["bound"] {
    return this.#bound && { ...this.#bound, isSecure: this.#isSecure };
  }

  get hasLogin(): boolean {
    return this.#login !== undefined;
  }

  /** A path of a stream's pictures with what lets anybody read them; see `JoiningServer`. */
  picturePath(path: string): string {
    return this.#login?.signForServer(path) ?? path;
  }

  /**
   * Answers requests that do not come over the server's own sockets, as those that do; streams are refused.
   */
  listenerFor(identity: Identity): RequestListener {
    const gate = new KnownClientGate(identity);
    return newestListener(
      () => this.routes,
      (routes) => this.#listenerOf(withoutStreams(routes), gate),
    );
  }

  /**
   * Answers for the Things that the host has now. What is under way, viewers of Things that stay included, goes on.
   * @param embed - As in `ServerOptions`, unless that was all; as before when absent.
   */
  async thingsChanged(embed: ServerOptions["embed"] = this.#embed): Promise<void> {
    if (this.#embed !== "all") this.#embed = embed;
    this.#makeTable();
    if (!this.#announcement) return;
    await this.#announcement.stop();
    this.#announcement = await this.#announce();
  }

  /**
   * Opens all Things, then answers requests. Things that cannot open are listed with their reason in the host.
   * @param address - Port 0 takes a free one.
   * @throws {ThingError} `PORT_IN_USE`, `BAD_ARGUMENT` for an address that this machine does not have, or that
   * others reach while nobody has to log in; `SETTINGS_IN_USE` when another process keeps its settings in the folder.
   */
  async listen({ host = "127.0.0.1", port = 5000 } = {}): Promise<{ url: string; port: number }> {
    const audience = { hasLogin: this.#login !== undefined, insecureNoAuth: this.#insecureNoAuth };
    const problem = bindAddressProblem(host, audience);
    if (problem) throw problem;
    const warning = bindAddressWarning(host, audience);
    if (warning) this.#log.warn(warning);
    await this.#login?.open();
    this.access.allowHost(host);
    await listenAt(this.#server, host, port);
    limitUnsent(this.#server, this.#log);
    tellOfAddons(this.#log);
    await this.#open();
    const bound = (this.#server.address() as AddressInfo).port;
    const scheme = this.#isSecure ? "https" : "http";
    this.#bound = { host, port: bound };
    if (this.#mdns !== false) this.#announcement = await this.#announce();
    for (const bridge of this.#bridges) bridge.join(this);
    return { url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${bound}`, port: bound };
  }

  /**
   * A code that logs one browser in, once, within ten minutes, as whoever runs this server: `{prefix}/login#code=...`.
   * Undefined where nobody has to log in.
   */
  newLoginCode(): string | undefined {
    return this.#login?.newCode();
  }

  /** Ends viewers, waits and sockets at once, then closes all Things. */
  async close(): Promise<void> {
    await this.#announcement?.stop();
    await Promise.all(this.#bridges.map((bridge) => bridge.close()));
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    await this.#webSockets.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
    this.#monitoring.stop();
    this.#webhooks?.close();
    await this.#login?.close();
    await this.host.close();
  }

  #makeTable(): void {
    this.#stale = undefined;
    this.#routes = this.#makeRoutes();
    this.#answer = this.#listenerOf(this.#routes);
  }

  /** Nobody is left at the port when the host cannot be opened at all. */
  async #open(): Promise<void> {
    try {
      await this.host.open();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.#monitoring.start();
  }

  #announce(): Promise<Announcement | undefined> {
    const network = typeof this.#mdns === "string" ? this.#mdns : undefined;
    const services = { prefix: this.prefix, ...this.bound!, network };
    return announceThings(this.host.things.keys(), services, this.#log);
  }
}

function newLogin({ folder, clock }: LoginOptions, { settingsFolder, log }: ThingHost): Login {
  return new Login(folder ?? secretsFolder(settingsFolder), { log, clock });
}
