import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { isRecord } from "../../base/values.ts";

/** How long a server that has come waits for another to say that it uses these topics, ms. */
export const CLAIM_MS = 300;

/** What a server says of itself on the topics that it uses, so that no two use the same. */
export class Claim {
  /** Of this server, as long as it runs. */
  readonly id = randomUUID();
  readonly #since = wallTime();
  get message(): string {
    return JSON.stringify({ id: this.id, since: this.#since, host: hostname() });
  }

  /**
   * What to do about another server's claim: the one that has come first stays.
   * @returns The error of this one, when it has to give way; undefined when the other has.
   */
  against(message: string, prefix: string): ThingError | undefined {
    const other = claimIn(message);
    if (!other || other.since > this.#since) return undefined;
    if (other.since === this.#since && other.id >= this.id) return undefined;
    return new ThingError(
      "BAD_CONFIG",
      `A server on ${other.host} already uses the topic_prefix '${prefix}' at this MQTT broker. Give this one another 'topic_prefix' in 'mqtt'.`,
    );
  }
}

function claimIn(message: string): { id: string; since: number; host: string } | undefined {
  try {
    const claim: unknown = JSON.parse(message);
    if (!isRecord(claim)) return undefined;
    const { id, since, host } = claim;
    if (typeof id !== "string" || typeof since !== "number" || typeof host !== "string")
      return undefined;
    return { id, since, host: host.slice(0, 100) };
  } catch {
    return undefined;
  }
}
