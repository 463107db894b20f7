import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { ThingError } from "../../../base/errors.ts";
import { acceptsByName } from "../../http/accept.ts";
import { covers, type Identity } from "../../http/identity.ts";
import { prefixOf } from "../../http/origin.ts";
import type { Problem } from "../../http/problem.ts";
import { writeProblem, writeReply } from "../../http/reply.ts";
import type { Route } from "../../http/route.ts";
import type { Login } from "./login.ts";
import { loginPage } from "./login-page.ts";

const REALM = 'realm="thingscope", charset="UTF-8"';

/** What the router asks about the client of a request. */
export interface RequestGate {
  /** @throws {ThingError} when nobody knows who sent it. */
  authenticate(request: IncomingMessage, response: ServerResponse): Promise<void>;
  identityOf(request: IncomingMessage): Identity | undefined;
  /** @throws {ThingError} `FORBIDDEN`, `LOGIN_REQUIRED`. */
  authorize(request: IncomingMessage, route: Pick<Route, "role" | "picture" | "path">): void;
  refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void;
}

/** Authenticates and authorizes every request before the table of routes. */
export class Gate implements RequestGate {
  readonly #login: Login;
  readonly #prefix: string;
  /** `GET /path` of what is answered before anybody has logged in. */
  readonly #open: ReadonlySet<string>;
  readonly #identities = new WeakMap<IncomingMessage, Identity>();

  constructor(login: Login, prefix: string, routes: readonly Route[]) {
    this.#login = login;
    this.#prefix = prefix;
    const open = routes.filter(({ role }) => role === "none");
    this.#open = new Set(open.map(({ method, path }) => `${method} ${path}`));
  }

  /**
   * Finds out who sent a request, whatever it is for.
   * @throws {ThingError} `LOGIN_REQUIRED`, `BAD_CREDENTIALS`, `TOO_MANY_ATTEMPTS`.
   */
  async authenticate(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const identity = await this.#login.identify(request, response);
    if (!identity) {
      if (this.#isOpen(request)) return;
      throw this.#loginRequired(request);
    }
    this.#identities.set(request, identity);
    const { socket } = request;
    response.once("close", this.#login.track(identity, socket));
  }

  /** The same for a WebSocket, which is ended with the right to it. @throws {ThingError} as `authenticate`. */
  async authenticateUpgrade(request: IncomingMessage, socket: Duplex): Promise<Identity> {
    const identity = await this.#login.identify(request);
    if (!identity || identity.via === "signature") throw this.#loginRequired(request);
    this.#identities.set(request, identity);
    socket.once("close", this.#login.track(identity, socket));
    return identity;
  }

  /** Who sent a request that was authenticated. */
  identityOf(request: IncomingMessage): Identity | undefined {
    return this.#identities.get(request);
  }

  /** @throws {ThingError} `FORBIDDEN`, `LOGIN_REQUIRED` for what a signed address is not for. */
  authorize(
    request: IncomingMessage,
    { role, picture, path }: Pick<Route, "role" | "picture" | "path">,
  ): void {
    if (role === "none") return;
    const identity = this.identityOf(request);
    if (!identity || (identity.via === "signature" && !picture)) throw this.#loginRequired(request);
    if (covers(identity.role, role)) return;
    throw new ThingError(
      "FORBIDDEN",
      `'${identity.account.name}' has the role ${identity.role}, but ${request.method} ${path} requires ${role}. Log in with a token of that role: thingscope tokens create --role ${role}.`,
    );
  }

  /** Answers 401: to a person the login page, to a program a problem. */
  refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
    response.setHeader("WWW-Authenticate", challengeFor(request));
    if (!isBrowser(request) || !acceptsByName(request.headers.accept, "text/html")) {
      writeProblem(request, response, problem);
      return;
    }
    const body = loginPage(prefixOf(request) + this.#prefix);
    writeReply(request, response, { status: 401, body, contentType: "text/html; charset=utf-8" });
  }

  #loginRequired(request: IncomingMessage): ThingError {
    const page = `${prefixOf(request)}${this.#prefix}/login`;
    return new ThingError(
      "LOGIN_REQUIRED",
      `Log in first: open ${page} in a browser, or send a token (thingscope tokens create) as 'Authorization: Bearer TOKEN'.`,
    );
  }

  #isOpen({ method = "", url = "" }: IncomingMessage): boolean {
    const asked = method === "HEAD" ? "GET" : method;
    return this.#open.has(`${asked} ${url.split("?")[0]}`);
  }
}

/** How to log in. Browsers would ask for a name and a password in a window of their own: they have the page. */
export function challengeFor(request: IncomingMessage): string {
  return `${isBrowser(request) ? "Bearer" : "Basic"} ${REALM}`;
}

function isBrowser({ headers }: IncomingMessage): boolean {
  return headers["user-agent"]?.startsWith("Mozilla/") ?? false;
}
