import type { IncomingMessage, ServerResponse } from "node:http";
import { ThingError } from "../../../base/errors.ts";
import { covers, type Identity } from "../../http/identity.ts";
import type { Problem } from "../../http/problem.ts";
import { writeProblem } from "../../http/reply.ts";
import type { Route } from "../../http/route.ts";
import type { RequestGate } from "./gate.ts";

/** Authorizes requests that a message broker or another program has authenticated already. */
export class KnownClientGate implements RequestGate {
  readonly #identity: Identity;

  constructor(identity: Identity) {
    this.#identity = identity;
  }

  async authenticate(): Promise<void> {}

  identityOf(): Identity {
    return this.#identity;
  }

  authorize(request: IncomingMessage, { role, path }: Pick<Route, "role" | "path">): void {
    const { account, role: own } = this.#identity;
    if (role === "none" || covers(own, role)) return;
    throw new ThingError(
      "FORBIDDEN",
      `'${account.name}' has the role ${own}, but ${request.method} ${path} requires ${role}.`,
    );
  }

  refuse(request: IncomingMessage, response: ServerResponse, problem: Problem): void {
    writeProblem(request, response, problem);
  }
}
