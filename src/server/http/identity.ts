import type { IncomingMessage } from "node:http";
import { ROLES, type Role } from "../../core/affordances.ts";

/** Somebody, or some program, that may log in. */
export interface Account {
  /** Never used twice: a name that is given again, or a role that changes, has a new one. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Epoch ms; never when absent. */
  readonly expires?: number;
}

/** Whoever sent a request, and how that is known. */
export interface Identity {
  readonly account: Account;
  readonly role: Role;
  /** By a signed address one stream's pictures are read and nothing else. */
  readonly via: "password" | "token" | "session" | "signature";
  /** Which session, as the store knows it. */
  readonly session?: string;
  /** Until when it holds, where that is not as long as its account, on the clock of `now()`. */
  readonly expires?: number;
}

/** What a client may do: everything, where nobody has to log in. */
export function roleOf(identity: Identity | undefined): Role {
  return identity?.role ?? "admin";
}

/** True when whoever has one role may do what asks for another: who may look may not send pictures. */
export function covers(role: Role, wanted: Role): boolean {
  if (wanted === "push") return role !== "view";
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}

/** How many of a pool's places each client has: by its account, or by its address where nobody logs in. */
export class ClientShares {
  readonly #taken = new Map<string, number>();

  countOf(client: string): number {
    return this.#taken.get(client) ?? 0;
  }

  /** @returns How to give the place back. */
  take(client: string): () => void {
    this.#taken.set(client, this.countOf(client) + 1);
    let isTaken = true;
    return () => {
      if (!isTaken) return;
      isTaken = false;
      const left = this.countOf(client) - 1;
      if (left > 0) this.#taken.set(client, left);
      else this.#taken.delete(client);
    };
  }
}

/** Who a request counts for. */
export function clientOf(identity: Identity | undefined, { socket }: IncomingMessage): string {
  return identity?.account.id ?? `address ${socket.remoteAddress}`;
}
