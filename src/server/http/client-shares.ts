import type { IncomingMessage } from "node:http";
import type { Identity } from "./identity.ts";

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
