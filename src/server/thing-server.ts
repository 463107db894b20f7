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
import { Gate } from "./access/login/gate.ts";
import { Login, type LoginOptions } from "./access/login/login.ts";
import { loginRoutes, whoRoute } from "./access/login/routes.ts";
import { AccessPolicy } from "./access/policy.ts";
import { warnOfPublicClients } from "./access/public-clients.ts";
import type { TlsFiles } from "./access/tls/certificate-files.ts";
import { Announcement, openMulticast, wotServices } from "./directory/mdns.ts";
import { answerClientErrors } from "./http/client-errors.ts";
import {
  applyLimits,
  bindAddressProblem,
  bindAddressWarning,
  isLoopback,
  listenProblem,
  MOST_UNACCEPTED,
  REQUEST_LIMITS,
  TLS_LIMITS,
} from "./http/listen.ts";
import { inTurn } from "./http/request-turns.ts";
import type { Route } from "./http/route.ts";
import { Monitoring } from "./monitoring/monitoring.ts";
import { NotificationHub } from "./notifications/thing-notifications.ts";
import { newOwnApp, type OwnApp } from "./own-app.ts";
import { listenerOf } from "./router.ts";
import { RouteTable } from "./routes.ts";
import { openApiRoute } from "./td/openapi.ts";
import { securityFor } from "./td/security.ts";
import { type WebhookOptions, Webhooks } from "./webhooks/webhooks.ts";
import { serveWebSockets, type WebSockets } from "./websocket/server.ts";

/** How a server is addressed, and by whom. */
export interface ServerOptions {
  /** Before every path, e.g. `/api/v3`. */
  readonly apiPrefix?: string;
  /** Things whose pictures pages of other origins may show: their names, or all of them. */
  readonly embed?: readonly string[] | "all";
  /** Names under which this server may be addressed, beside loopback, IP addresses and the machine's own name. */
  readonly allowedHosts?: readonly string[];
  /** Origins whose pages may call this server. */
  readonly allowedOrigins?: readonly string[];
  /** Addresses and networks of proxies whose word counts on how, and by whom, the server was addressed; loopback when absent. */
  readonly trustedProxies?: readonly string[];
  /** Whoever uses the server has to log in. */
  readonly login?: LoginOptions;
  /** Allows addresses off loopback, without any login. */
  readonly insecureNoAuth?: boolean;
  /**
   * Tells the local network of the Things by multicast DNS (`_wot._tcp`): true, or this machine's address on the
   * network to tell. Needs the package bonjour-service.
   */
  readonly mdns?: boolean | string;
  /** Lets clients have URLs of these hosts called when something happens. Off unless given. */
  readonly webhooks?: WebhookOptions;
  /** For https: certificate and key in PEM. */
  readonly tls?: TlsFiles;
}

/** Things over HTTP and WebSocket. Add all Things to the host first, then `listen`. */
export class ThingServer {
  readonly host: ThingHost;
  #routes: readonly Route[] = [];
  /** What of the table has changed in a Thing since it was made: requests do not look at limits, descriptions do. */
  #stale: ModelChange["what"] | undefined;
  readonly #makeRoutes: () => Route[];
  readonly #listenerOf: (routes: readonly Route[]) => RequestListener;
  #answer: RequestListener = () => {};
  #embed: readonly string[] | "all";
  #bound: { readonly host: string; readonly port: number } | undefined;
  readonly #log: Log;
  readonly #policy: AccessPolicy;
  readonly #insecureNoAuth: boolean;
  readonly #prefix: string;
  readonly #mdns: boolean | string;
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
      ...access
    }: ServerOptions = {},
  ) {
    this.host = host;
    this.#log = host.log;
    this.#policy = new AccessPolicy(access);
    this.#insecureNoAuth = insecureNoAuth;
    this.#prefix = prefix;
    this.#mdns = mdns;
    this.#login = login && newLogin(login, host);
    this.#isSecure = tls !== undefined;
    const hasLogin = login !== undefined;
    host.hasLogin ||= hasLogin;
    const blobs = new BlobStore({ log: this.#log });
    host.invocations.onForget(({ output }) => blobs.release(output));
    const shared = { host, prefix, log: this.#log, policy: this.#policy, hasLogin };
    const hub = new NotificationHub({ log: this.#log, prefix });
    this.#webhooks = webhooks && new Webhooks(webhooks, this.#log);
    const webSockets = () => this.#webSockets.stats;
    this.#monitoring = new Monitoring({
      ...shared,
      webSockets,
      eventStreams: hub.counts,
      webhooks: this.#webhooks,
      logins: this.#login?.counts,
    });
    this.#embed = embed;
    const security = securityFor(hasLogin);
    const table = new RouteTable({ host, prefix, blobs, security, hub, webhooks: this.#webhooks });
    this.#makeRoutes = () => [
      ...table.routes(),
      ...this.#monitoring.routes,
      openApiRoute(() => this.routes, shared),
      whoRoute(prefix, hasLogin),
      ...(this.#login ? loginRoutes(this.#login, prefix, () => this.routes) : []),
      ...(this.#login ? accountRoutes(this.#login, prefix, () => this.#bound) : []),
    ];
    this.#routes = this.#makeRoutes();
    const gate = this.#login && new Gate(this.#login, prefix, this.routes);
    const embeds = ({ path }: Route) =>
      this.#embed === "all" || this.#embed.some((name) => path.startsWith(`${prefix}/${name}/`));
    this.#listenerOf = (routes) =>
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
    applyLimits(this.#server);
    answerClientErrors(this.#server);
    this.#monitoring.watch(this.#server);
    warnOfPublicClients(this.#server, this.#log);
    this.#webSockets = serveWebSockets({ ...shared, gate, hub, blobs, server: this.#server });
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

  /**
   * Answers for the Things that the host has now. What is under way, viewers of Things that stay included, goes on.
   * @param embed - As in `ServerOptions`, unless that was all; as before when absent.
   */
  async thingsChanged(embed: ServerOptions["embed"] = this.#embed): Promise<void> {
    if (this.#embed !== "all") this.#embed = embed;
    this.#makeTable();
    if (!this.#announcement || !this.#bound) return;
    await this.#announcement.stop();
    await this.#announce(this.#bound.host, this.#bound.port);
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
    this.#policy.allowHost(host);
    await this.#bind(host, port);
    limitUnsent(this.#server, this.#log);
    tellOfAddons(this.#log);
    await this.#open();
    const bound = (this.#server.address() as AddressInfo).port;
    const scheme = this.#isSecure ? "https" : "http";
    this.#bound = { host, port: bound };
    if (this.#mdns !== false) await this.#announce(host, bound);
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

  async #announce(host: string, port: number): Promise<void> {
    const network = typeof this.#mdns === "string" ? this.#mdns : undefined;
    if (isLoopback(host) && network === undefined) {
      this.#log.warn(
        `The Things are not announced by multicast DNS, because other machines cannot reach '${host}'. Allow them with --lan, or listen on an address of the network with --host.`,
      );
      return;
    }
    const multicast = await openMulticast(this.#log, network);
    const services = wotServices(this.host.things.keys(), {
      prefix: this.#prefix,
      port,
      secure: this.#isSecure,
    });
    if (multicast) this.#announcement = new Announcement(multicast, services);
  }

  #bind(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error) => reject(listenProblem(error, host, port)));
      this.#server.listen({ host, port, backlog: MOST_UNACCEPTED }, () => resolve());
    });
  }
}

function newLogin({ folder, clock }: LoginOptions, { settingsFolder, log }: ThingHost): Login {
  return new Login(folder ?? secretsFolder(settingsFolder), { log, clock });
}
