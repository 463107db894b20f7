import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { action, type Invocation, property, Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { patience } from "../limits.ts";

const Sum = Type.Object({ a: Type.Number(), b: Type.Optional(Type.Number({ default: 0 })) });

class Oven extends Thing {
  @property("Temperature", Type.Integer({ minimum: 0, maximum: 300, unit: "Cel" }))
  accessor temperature = 20;
  #fan = 0;
  @property("Fan", Type.Integer()) get fan(): number {
    return this.#fan;
  }
  set fan(speed: number) {
    this.#fan = speed;
  }
  @action("Set the fan, outside the lock", { useGlobalLock: false }) blow(): void {
    this.fan = 3;
  }
  @property("Light", Type.Boolean(), { useGlobalLock: false }) accessor light = false;

  @action("Add", { input: Sum, output: Type.Number() }) add({
    a,
    b = 0,
  }: {
    a: number;
    b?: number;
  }) {
    return a + b;
  }
  @action("Bake until cancelled") async bake(_: object, { signal }: Invocation): Promise<void> {
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  }
  @action("Burn") burn(): void {
    throw new RangeError("Too hot.");
  }
  @action("Give up by itself") giveUp(): void {
    throw new DOMException("There is nothing in it.", "AbortError");
  }
  @action("Set the temperature, outside the lock", { useGlobalLock: false }) heat(): void {
    this.temperature = 200;
  }
  @action("Switch the light on, outside the lock", { useGlobalLock: false }) shine(): void {
    this.light = true;
  }
  @action("Set the temperature while holding the lock") preheat(): void {
    this.temperature = 180;
  }
}

let server: ThingServer;
let oven: Oven;
let url = "";
before(async () => {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder, enableGlobalLock: true });
  oven = host.add("oven", new Oven()).thing as Oven;
  server = new ThingServer(host);
  ({ url } = await server.listen({ port: 0 }));
});
after(() => server.close());

async function call(method: string, path: string, body?: unknown, accept = "*/*") {
  const json = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    Accept: accept,
    ...(json !== undefined && { "Content-Type": "application/json" }),
  };
  const signal = patience();
  const response = await fetch(new URL(path, url), {
    method,
    headers,
    signal,
    ...(json !== undefined && { body: json }),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

/** The invocation of an action once it has ended. */
async function run(name: string, input: unknown = {}) {
  const { body } = await call("POST", `/oven/${name}`, input);
  await server.host.invocations.get(body.id).ended;
  return (await call("GET", body.href)).body;
}

test("strings are read as the numbers that are wanted, except from a consumer of WoT Profiles", async () => {
  assert.equal((await call("PUT", "/oven/temperature", "250")).status, 204);
  assert.equal(oven.temperature, 250);
  assert.equal((await call("PUT", "/oven/light", "on")).status, 204);
  assert.equal(oven.light, true);
  assert.equal((await run("add", { a: "1.5", b: "2" })).output, 3.5);
  const refused = await call("PUT", "/oven/temperature", "250", "application/json");
  assert.equal(refused.status, 422);
  assert.equal((await call("POST", "/oven/add", { a: "1" }, "application/json")).status, 422);
});

test("a string that is no number is refused in pydantic's words", async () => {
  const { status, body } = await call("PUT", "/oven/temperature", "warm");
  assert.equal(status, 422);
  const [fault] = body.errors;
  assert.equal(fault.type, "int_parsing");
  assert.equal(fault.msg, "Input should be a valid integer, unable to parse string as an integer");
});

test("an invocation has an output while it runs, and after it failed: null", async () => {
  const { body } = await call("POST", "/oven/bake", {});
  assert.equal((await call("GET", body.href)).body.output, null);
  await call("DELETE", body.href);
  await server.host.invocations.get(body.id).ended;
  assert.equal((await call("GET", body.href)).body.output, null);
  assert.equal((await run("burn")).output, null);
});

test("an action that aborts itself is cancelled, not failed", async () => {
  const { status, error, log } = await run("giveUp");
  assert.equal(status, "cancelled");
  assert.equal(error.title, "InvocationCancelledError");
  assert.match(log.at(-1).message, /There is nothing in it/);
});

test("an action outside the lock cannot set a locked property while another action holds the lock", async () => {
  oven.temperature = 20;
  oven.light = false;
  const { body: baking } = await call("POST", "/oven/bake", {});
  const refused = await run("heat");
  assert.equal(refused.status, "error");
  assert.equal(refused.error.title, "GlobalLockBusyError");
  assert.equal(oven.temperature, 20);
  assert.equal((await run("blow")).error.title, "GlobalLockBusyError");
  assert.equal(oven.fan, 0);
  assert.equal((await run("shine")).status, "completed");
  assert.equal(oven.light, true);
  await call("DELETE", baking.href);
  await server.host.invocations.get(baking.id).ended;
  assert.equal((await run("heat")).status, "completed");
  assert.equal((await run("blow")).status, "completed");
  oven.fan = 1;
  assert.equal(oven.fan, 1);
  assert.equal((await run("preheat")).status, "completed");
  assert.equal(oven.temperature, 180);
});
