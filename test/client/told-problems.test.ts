// A value that cannot be told is told as a problem, and the subscription goes on.
import assert from "node:assert/strict";
import { test } from "node:test";
import { event, property, Thing, ThingEvent } from "thingscope";
import { type ClientError, type SubscribeOptions, ThingClient } from "thingscope/client";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { served } from "../server/thing-bench.ts";
import { FakeServer, json } from "./fake-server.ts";

class Thermometer extends Thing {
  isPlugged = true;
  @property("Temperature", Type.Number(), { observable: true }) get temperature(): number {
    if (!this.isPlugged) throw new Error("Plug its cable in.");
    return 20;
  }
  @event("It is hot", Type.Object({ kelvin: Type.Number() }))
  readonly hot = new ThingEvent<{ kelvin: number }>();

  tell(isPlugged: boolean): void {
    this.isPlugged = isPlugged;
    this.changed("temperature");
  }
}

interface ThermometerTypes {
  properties: { readonly temperature: number };
  actions: object;
  events: { hot: { kelvin: number } };
}

/** How each problem was told, in order with the values. */
function heard() {
  const told: unknown[] = [];
  const errors: ClientError[] = [];
  const onProblem: SubscribeOptions["onProblem"] = (name, error) => {
    told.push(name);
    errors.push(error);
  };
  return { told, errors, onProblem };
}

test("an observer is told why a property has no value, by name, and then its values again", {
  timeout: TEST_MS,
}, async (t) => {
  const thermometer = new Thermometer();
  const { url } = await served(t, { thermometer });
  const client = await ThingClient.connect<ThermometerTypes>(`${url}/thermometer/`);
  const { told, errors, onProblem } = heard();
  const values = client.properties.temperature.observe({ onProblem });
  const unaware = client.properties.temperature.observe();
  await Promise.all([values.opened, unaware.opened]);
  for (const isPlugged of [true, false, true]) thermometer.tell(isPlugged);
  for (let n = 0; n < 2; n++) told.push((await values.next()).value);
  assert.deepEqual(told, [20, "temperature", 20]);
  assert.match(errors[0]!.message, /'temperature' .*Plug its cable in\./);
  assert.deepEqual([errors[0]!.code, errors[0]!.status], ["PROPERTY_FAILED", 500]);
  assert.equal(errors[0]!.problem?.name, "temperature");
  for (let n = 0; n < 2; n++) assert.equal((await unaware.next()).value, 20);
  values.close();
  unaware.close();
});

test("listeners are told, too, of properties and of events; their subscription goes on", {
  timeout: TEST_MS,
}, async (t) => {
  const thermometer = new Thermometer();
  const { url } = await served(t, { thermometer });
  const client = await ThingClient.connect<ThermometerTypes>(`${url}/thermometer/`);
  const { told, errors, onProblem } = heard();
  let off = () => {};
  await new Promise<void>((resolve, reject) => {
    // How long it takes to connect, only the first data tells.
    const knocking = setInterval(() => thermometer.hot.emit({ kelvin: 0 }), 20);
    const listener = ({ kelvin }: { kelvin: number }) => {
      if (kelvin > 0) told.push(kelvin);
      if (kelvin > 0) return resolve();
      clearInterval(knocking);
      if (errors.length > 0) return;
      thermometer.hot.emit({ kelvin: Number.NaN });
      thermometer.hot.emit({ kelvin: 300 });
    };
    off = client.events.hot.on(listener, { onProblem, onError: reject });
  });
  off();
  assert.deepEqual([...new Set(told)], ["hot", 300]);
  assert.match(errors[0]!.message, /'hot'.*NaN/);
});

test("what onProblem throws ends the subscription with that", { timeout: TEST_MS }, async (t) => {
  const thermometer = new Thermometer();
  const { url } = await served(t, { thermometer });
  const client = await ThingClient.connect<ThermometerTypes>(`${url}/thermometer/`);
  const values = client.properties.temperature.observe({
    onProblem: (_, error) => {
      throw error;
    },
  });
  await values.opened;
  thermometer.tell(false);
  await assert.rejects(values.next(), { code: "PROPERTY_FAILED" });
  assert.equal((await values.next()).done, true);
});

test("by long polling, too: an error that links to the next notification stands for one value", {
  timeout: TEST_MS,
}, async (t) => {
  const thermometer = new Thermometer();
  const { url } = await served(t, { thermometer });
  const first = `${url}/thermometer/temperature/next`;
  const { headers } = await fetch(first, { method: "HEAD" }); // from here on they are held
  const [, now] = /<next(\?after=[^>]*)>/.exec(headers.get("link") ?? "") ?? [];
  for (const isPlugged of [true, false, true]) thermometer.tell(isPlugged);
  // The same server, described without its server-sent events.
  const form = { href: `${first}${now}`, op: "observeproperty", subprotocol: "longpoll" };
  const described = { title: "Polled", properties: { temperature: { forms: [form] } } };
  await using descriptions = new FakeServer({ "GET /": json(described) });
  const client = await ThingClient.connect<ThermometerTypes>(await descriptions.listen());
  const { told, errors, onProblem } = heard();
  const values = client.properties.temperature.observe({ onProblem });
  for (let n = 0; n < 2; n++) told.push((await values.next()).value);
  values.close();
  assert.deepEqual(told, [20, "temperature", 20]);
  assert.match(errors[0]!.message, /'temperature' .*Plug its cable in\./);
});

test("who follows a Thing as a whole is told of an event without its data, and of a property without its value", {
  timeout: TEST_MS,
}, async (t) => {
  const thermometer = new Thermometer();
  const { url } = await served(t, { thermometer });
  const client = await ThingClient.connect<ThermometerTypes>(`${url}/thermometer/`);
  const end = new AbortController();
  const told: unknown[] = [];
  await new Promise<void>((resolve) => {
    const problem = (name: string, sentence: string) => {
      told.push([name, /NaN|Plug/.exec(sentence)?.[0]]);
      if (name === "hot") thermometer.tell(false);
      else resolve();
    };
    const onConnected = (isConnected: boolean) => {
      if (isConnected) thermometer.hot.emit({ kelvin: Number.NaN });
    };
    const onProperty = () => {};
    const listener = {
      onProperty,
      onPropertyProblem: problem,
      onEventProblem: problem,
      onConnected,
    };
    void client.follow(listener, end.signal);
  });
  end.abort();
  assert.deepEqual(told, [
    ["hot", "NaN"],
    ["temperature", "Plug"],
  ]);
});
