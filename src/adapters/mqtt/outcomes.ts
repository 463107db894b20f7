import { countedLimit } from "../../base/limit-hits.ts";
import { isRecord } from "../../base/values.ts";
import type { Invocations } from "../../core/invocations.ts";
import type { OwnAnswer, OwnRequest } from "../own-routes.ts";
import type { CommandTarget, Topics } from "./topics.ts";

/** Outcomes that the broker has not acknowledged yet. */
const MOST_UNACKNOWLEDGED = 32;
const outcomesLimit = countedLimit("mqtt_outcomes");

/** Where outcomes come from, and where they go. */
interface Telling {
  readonly topics: Topics;
  readonly invocations: Invocations;
  /** As a client with the role of commands. */
  readonly request: (request: OwnRequest) => Promise<OwnAnswer>;
  /** Resolves when the broker has it; false: it is too large. */
  readonly send: (topic: string, message: string) => Promise<boolean>;
}

/** Tells how actions end that were started by MQTT, while the connection stands by which they were started. */
export class Outcomes {
  readonly #telling: Telling;
  #unacknowledged = 0;

  constructor(telling: Telling) {
    this.#telling = telling;
  }

  /** @param answer - Of the route that started the action: its invocation, or its output where it is synchronous. */
  async follow(target: CommandTarget, { status, text }: OwnAnswer): Promise<void> {
    if (target.kind !== "actions" || status >= 400) return;
    const answered: unknown = text === "" ? undefined : JSON.parse(text);
    if (status !== 201) return this.#tell(target, { status: "completed", output: answered });
    const id = String(isRecord(answered) ? answered.id : undefined);
    await this.#telling.invocations.get(id).ended;
    await this.#tell(target, await this.#outcomeOf(id));
  }

  async #outcomeOf(id: string): Promise<Record<string, unknown>> {
    const answer = await this.#telling.request({
      method: "GET",
      path: `/action_invocations/${id}`,
    });
    const { status, output, error } = JSON.parse(answer.text);
    return { id, status, ...(error ? { problem: error } : { output }) };
  }

  async #tell({ thing, name }: CommandTarget, outcome: Record<string, unknown>): Promise<void> {
    if (this.#unacknowledged >= MOST_UNACKNOWLEDGED) return outcomesLimit.hit();
    this.#unacknowledged += 1;
    const { topics, send } = this.#telling;
    const topic = topics.outcome(thing, name);
    const { output, ...others } = outcome;
    try {
      if (await send(topic, JSON.stringify(outcome))) return;
      await send(topic, JSON.stringify({ ...others, output_omitted: true }));
    } finally {
      this.#unacknowledged -= 1;
    }
  }
}
