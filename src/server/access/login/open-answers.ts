import type { Duplex } from "node:stream";
import type { Identity } from "../../http/identity.ts";

interface OpenAnswer {
  readonly identity: Identity;
  readonly socket: Duplex;
}

/** Answers under way, streams and WebSockets among them, so that they can be ended with what let them begin. */
export class OpenAnswers {
  readonly #open = new Set<OpenAnswer>();

  /** @returns What to call when the answer has ended. */
  add(identity: Identity, socket: Duplex): () => void {
    const answer = { identity, socket };
    this.#open.add(answer);
    return () => this.#open.delete(answer);
  }

  /** What ends a right is itself answered to the end. */
  forget(socket: Duplex): void {
    for (const answer of this.#open) if (answer.socket === socket) this.#open.delete(answer);
  }

  /** Cuts off those whose identity does not hold any more. */
  endUnless(holds: (identity: Identity) => boolean): void {
    for (const { identity, socket } of this.#open) if (!holds(identity)) socket.destroy();
  }
}
