// Whatever a Thing throws, wherever it throws it: it is told, counted, and ends nothing.
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, endpoint, event, property, Thing, ThingEvent } from "thingscope";
import { Type } from "typebox";
import { keepMicrotaskContext, noteUncaught } from "../../src/core/running.ts";
import { HOSTILE } from "../hostile-errors.ts";
import { TEST_MS } from "../limits.ts";
import { ask } from "./requests.ts";
import { served } from "./thing-bench.ts";

const options = { timeout: TEST_MS };

class Hostile extends Thing {
  kind = "null";
  #thrown(): never {
    throw HOSTILE[this.kind]!();
  }

  @property("What cannot be read", Type.Unknown(), { observable: true }) get value(): unknown {
    return this.#thrown();
  }
  set value(_: unknown) {
    this.#thrown();
  }
  @event("Something", Type.Unknown()) readonly happened = new ThingEvent<unknown>();
  @action("Throws", { synchronous: true }) fail(): void {
    this.#thrown();
  }
  @action("Rejects") async reject(): Promise<void> {
    this.#thrown();
  }
  @action("Leaves behind what throws") leave(): void {
    this.happened.on(() => this.#thrown());
    this.happened.emit(1);
    this.changed("value");
    const doubt = () => this.#thrown();
    queueMicrotask(doubt);
    process.nextTick(doubt);
    setImmediate(doubt);
    setTimeout(doubt);
    void Promise.resolve().then(doubt);
  }
  @endpoint("GET", "page", "view") page(): never {
    return this.#thrown();
  }
}

test("every kind of nonsense that is thrown ends as a problem of its Thing", options, async (t) => {
  const hostile = new Hostile();
  const { host, port } = await served(t, { hostile });
  for (const kind of Object.keys(HOSTILE)) {
    hostile.kind = kind;
    for (const [method, path] of [
      ["GET", "value"],
      ["PUT", "value"],
      ["POST", "fail"],
      ["GET", "page"],
    ] as const) {
      const body = method === "PUT" ? "1" : undefined;
      const { status, text } = await ask(port, {
        method,
        path: `/hostile/${path}`,
        ...(body && { body }),
      });
      assert.equal(status, 500, `${kind}: ${method} ${path}: ${text}`);
      assert.ok(text.length < 64_000 && JSON.parse(text).detail.length > 0, `${kind}: ${text}`);
    }
    const run = host.get("hostile").invoke("reject", undefined);
    await run.ended;
    assert.equal(run.status, "error", kind);
    const { status, text } = await ask(port, { path: "/hostile/actions" });
    assert.equal(status, 200, `${kind}: ${text.slice(0, 200)}`);
  }
});

test(
  "what is thrown where nobody catches it is noted with its Thing, whatever it is",
  options,
  async (t) => {
    const own: unknown[] = [];
    const kept = globalThis.queueMicrotask;
    const others = (["uncaughtException", "unhandledRejection"] as const).map((name) => ({
      name,
      listeners: process.rawListeners(name),
    }));
    const note = (error: unknown) => {
      if (!noteUncaught(error)) own.push(error);
    };
    for (const { name } of others) process.removeAllListeners(name).on(name, note);
    keepMicrotaskContext();
    t.after(() => {
      globalThis.queueMicrotask = kept;
      for (const { name, listeners } of others) {
        process.removeAllListeners(name);
        for (const listener of listeners) process.on(name, listener as () => void);
      }
    });
    const hostile = new Hostile();
    const { host } = await served(t, { hostile });
    const { faults } = host.get("hostile");
    let left = 0;
    for (const kind of Object.keys(HOSTILE)) {
      hostile.kind = kind;
      const run = host.get("hostile").invoke("leave", undefined);
      await run.ended;
      assert.equal(run.status, "completed", kind);
      left += 5;
      while ((faults.counts.get("background") ?? 0) < left)
        await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(own, [], "nothing is the server's own fault");
  },
);
