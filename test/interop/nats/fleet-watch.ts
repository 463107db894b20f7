import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { FleetClient } from "thingscope/fleet";
import { Elapsed } from "../../elapsed.ts";
import { patience } from "../../limits.ts";
import type { Machines } from "./machines.ts";

const PRESENT_MS = 10_000;
const ANSWER_MS = 4000;

/** A client of the fleet of three machines, which notes how long what it waits for takes. */
export class FleetWatch {
  /** ms of this program's time. */
  readonly longest = { presence: 0, command: 0 };
  readonly client: FleetClient;
  readonly #machines: Machines;

  private constructor(client: FleetClient, machines: Machines) {
    this.client = client;
    this.#machines = machines;
  }

  /** @param brokers - The machines whose brokers it may use. */
  static async at(
    t: TestContext,
    machines: Machines,
    brokers: readonly number[],
  ): Promise<FleetWatch> {
    const servers = brokers.map((n) => machines.broker(n));
    const client = await FleetClient.connect({ servers }, { answerMs: ANSWER_MS });
    t.after(() => client.close());
    return new FleetWatch(client, machines);
  }

  /** Resolves when these are the members that it sees, which must be soon. */
  async areMembers(names: string): Promise<void> {
    const elapsed = new Elapsed();
    const signal = patience();
    const seen = () => this.client.members.map(({ name }) => name).join(" ");
    while (seen() !== names) {
      assert.ok(!signal.aborted, `${seen()} are the members, and not ${names}`);
      await pause(20);
    }
    this.#note("presence", elapsed);
    assert.ok(elapsed.ms <= PRESENT_MS, `${names} after ${elapsed.ms} ms`);
  }

  /** What a command of a stage comes to: an answer, or a sentence, in its time. */
  async command(n: number): Promise<string> {
    const elapsed = new Elapsed();
    const url = `http://${this.#machines.address(n)}:5000/stage/move_relative`;
    const headers = { "Content-Type": "application/json" };
    const request = { method: "POST", headers, body: '{"x":1}' };
    const came = await this.client.fetch(url, request).then(
      ({ status }) => String(status),
      (error: Error) => error.message,
    );
    this.#note("command", elapsed);
    assert.ok(elapsed.ms < ANSWER_MS + 1000, `${came} after ${elapsed.ms} ms`);
    return came;
  }

  #note(kind: "presence" | "command", { ms }: Elapsed): void {
    this.longest[kind] = Math.max(this.longest[kind], Math.round(ms));
  }
}
