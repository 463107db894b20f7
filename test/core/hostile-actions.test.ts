// What an action does to what it is given, and to who cancels it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, type Invocation, Thing } from "thingscope";
import { Type } from "typebox";
import { noteUncaught } from "../../src/core/running.ts";
import { TEST_MS } from "../limits.ts";
import { served } from "../server/thing-bench.ts";

const options = { timeout: TEST_MS };
const Anything = Type.Object({}, { additionalProperties: true });

class Worst extends Thing {
  @action("Makes its input refer to itself", { input: Anything })
  mangle(input: object): void {
    Object.assign(input, { self: input, big: 5n });
  }

  @action("Has listeners that throw when it is cancelled")
  async wait(_: unknown, { signal }: Invocation): Promise<void> {
    const fail = () => {
      throw new Error("The listener fails.");
    };
    signal.addEventListener("abort", fail);
    signal.addEventListener("abort", async () => fail());
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }

  @action("Cannot say whether it releases", {
    input: Anything,
    releases: () => {
      throw new Error("Who knows?");
    },
  })
  let(): string {
    return "done";
  }

  @action("Tells much", {}) tell(_: unknown, { progress }: Invocation): void {
    progress(0.5, "x".repeat(5e6));
  }
}

test(
  "an action's input is its own: what it does to it changes nothing of what is told",
  options,
  async (t) => {
    const { host, url } = await served(t, { worst: new Worst() });
    const run = host.get("worst").invoke("mangle", { a: 1 });
    await run.ended;
    assert.deepEqual([run.status, run.input], ["completed", { a: 1 }]);
    const told = await fetch(`${url}/action_invocations/${run.id}`);
    const { input } = JSON.parse(await told.text());
    assert.deepEqual([told.status, input], [200, { a: 1 }]);
  },
);

test(
  "listeners of an action's signal that throw are the Thing's fault, not that of who cancels",
  options,
  async (t) => {
    const { host } = await served(t, { worst: new Worst() });
    const own: unknown[] = [];
    const note = (error: unknown) => void (noteUncaught(error) || own.push(error));
    const before = process.rawListeners("uncaughtException");
    process.removeAllListeners("uncaughtException").on("uncaughtException", note);
    t.after(() => {
      process.removeListener("uncaughtException", note);
      for (const listener of before) process.on("uncaughtException", listener as () => void);
    });
    const { faults } = host.get("worst");
    const run = host.get("worst").invoke("wait", undefined);
    while (run.status === "pending") await new Promise((resolve) => setImmediate(resolve));
    run.cancel();
    await run.ended;
    while ((faults.counts.get("background") ?? 0) < 2)
      await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([run.status, own], ["cancelled", []]);
  },
);

test(
  "an action that cannot say whether it releases anything runs as any other, and the fault is noted",
  options,
  async (t) => {
    const { host, errors } = await served(t, { worst: new Worst() });
    const run = host.get("worst").invoke("let", {});
    await run.ended;
    assert.deepEqual([run.status, run.releases], ["completed", false]);
    assert.match(
      errors().join("\n"),
      /^worst: Whether action 'let' of Thing 'worst' releases anything cannot be determined: Who knows\?$/,
    );
  },
);

test(
  "what an action says of its progress is bounded: every list repeats it",
  options,
  async (t) => {
    const { host } = await served(t, { worst: new Worst() });
    const run = host.get("worst").invoke("tell", undefined);
    await run.ended;
    assert.equal(run.progress?.message?.length, 500);
  },
);
