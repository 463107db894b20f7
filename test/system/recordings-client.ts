import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

/** A recording as a Recorder lists it. */
export interface Listed {
  readonly id: string;
  readonly name: string;
  readonly growing: boolean;
  /** Undefined until it is closed, or repaired. */
  readonly ended?: string;
}

interface Invocation {
  readonly status: string;
  readonly href: string;
  readonly output?: unknown;
  readonly log?: readonly { readonly message: string }[];
}

const ENDED = new Set(["completed", "error", "cancelled"]);
const LIMIT_MS = 60_000;

/** What somebody does with a served Recorder and its files. */
export class RecordingsClient {
  readonly #origin: string;

  /** @param origin - `http://127.0.0.1:5000` */
  constructor(origin: string) {
    this.#origin = origin;
  }

  /** @param thing - Whose list. */
  async list(thing = "recorder"): Promise<Listed[]> {
    const answer = await fetch(`${this.#origin}/${thing}/recordings`);
    return (await answer.json()) as Listed[];
  }

  /** @param thing - By whose list; by the server's when absent. @returns the status. */
  async delete({ id }: Listed, thing?: string): Promise<number> {
    const path = thing ? `${thing}/recordings` : "recordings";
    const answer = await fetch(`${this.#origin}/${path}/${id}`, { method: "DELETE" });
    await answer.arrayBuffer();
    return answer.status;
  }

  /** Begins an action. */
  async begin(action: string, input: object = {}): Promise<Invocation> {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify(input);
    const path = `${this.#origin}/recorder/${action}`;
    const answer = await fetch(path, { method: "POST", headers, body });
    assert.equal(answer.status, 201, await answer.clone().text());
    return (await answer.json()) as Invocation;
  }

  /** Runs an action to its end. @returns "completed", or its status and why. */
  async run(action: string, input: object = {}): Promise<string> {
    let invocation = await this.begin(action, input);
    const end = performance.now() + LIMIT_MS;
    while (!ENDED.has(invocation.status)) {
      assert.ok(performance.now() < end, `${action} has not ended within ${LIMIT_MS} ms`);
      await sleep(50);
      const answer = await fetch(new URL(invocation.href, this.#origin));
      invocation = (await answer.json()) as Invocation;
    }
    const { status, log } = invocation;
    return status === "completed" ? status : `${status}: ${log?.at(-1)?.message}`;
  }
}
