import type { IncomingMessage } from "node:http";
import { now } from "../../base/clock.ts";
import { clientAddressOf } from "../http/origin.ts";

const KEPT_MS = 5000;
const KEPT = 256;

/**
 * What each client was last told by long polling, for a few seconds. Clients that follow no link cannot say it
 * themselves; they are told apart by address and program, so two of one program on one machine may be taken for one.
 */
export class RecentClients {
  readonly #told = new Map<string, { readonly id: string; readonly at: number }>();

  /** The id of what `request`'s client was last told, if that was a moment ago. */
  lastTold(request: IncomingMessage): string | undefined {
    const last = this.#told.get(keyOf(request));
    return last && now() - last.at < KEPT_MS ? last.id : undefined;
  }

  note(request: IncomingMessage, id: string): void {
    const key = keyOf(request);
    this.#told.delete(key);
    this.#told.set(key, { id, at: now() });
    const [oldest] = this.#told.keys();
    if (this.#told.size > KEPT && oldest !== undefined) this.#told.delete(oldest);
  }
}

function keyOf(request: IncomingMessage): string {
  return `${clientAddressOf(request)} ${request.headers["user-agent"]?.slice(0, 200)}`;
}
