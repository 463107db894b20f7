import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { action, ThingError } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../../limits.ts";
import { eventually } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { houseAt } from "./house.ts";
import { Lamp } from "./lamp.ts";
import { lineTo, listenerAt, mosquitto } from "./mosquitto.ts";

const timeout = TEST_MS;
const port = await mosquitto();

/** A lamp with actions that fail, last, or say much. */
class Bulb extends Lamp {
  rests = 0;
  readonly #sleepers = new Set<() => void>();

  @action("Breaks")
  async break(): Promise<void> {
    throw new ThingError("NOT_READY", "The lamp is broken. Put in another bulb.");
  }

  @action("Counts", { output: Type.Integer(), synchronous: true })
  async count(): Promise<number> {
    return this.presses;
  }

  @action("Says much", { output: Type.String() })
  async shout(): Promise<string> {
    return "a".repeat(300_000);
  }

  @action("Goes on until it is woken")
  async rest(): Promise<void> {
    this.rests += 1;
    await new Promise<void>((resolve) => this.#sleepers.add(resolve));
  }

  wake(): void {
    for (const rise of this.#sleepers) rise();
  }
}

test("names in a topic that no Thing can have are refused, and lead to no other route", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h1"]);
  const faults: unknown[] = [];
  const noted = (error: unknown) => void faults.push(error);
  process.on("unhandledRejection", noted);
  t.after(() => process.off("unhandledRejection", noted));
  const { lamp } = await houseAt(t, port, { topic_prefix: "h1", discovery_prefix: "e1" });
  for (const topic of [
    "h1/%/properties/brightness/set",
    "h1/lamp/properties/%E0%A4%A/set",
    "h1/../actions/lamp",
    "h1/lamp/actions/..",
    "h1/lamp/actions/blink?x=1",
    "h1/lamp/actions/%62link",
    "h1/lamp/properties/brightness%2F..%2Fon/set",
    "h1/Lämp ☃/actions/blink",
    "h1//actions/blink",
    `h1/lamp/actions/${"x".repeat(10_000)}`,
  ]) {
    listener.values.delete("h1/refused");
    await listener.client.publishAsync(topic, "true");
    const told = JSON.parse(await listener.until("h1/refused"));
    assert.equal(told.problem.code, "NOT_FOUND", topic);
    assert.ok(told.topic.length <= 201);
  }
  assert.deepEqual([lamp.presses, lamp.on, faults], [0, false, []]);
});

test("a command with retain is refused also when it comes at once", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["h2"]);
  const { lamp } = await houseAt(t, port, { topic_prefix: "h2", discovery_prefix: "e2" });
  const retain = { retain: true, qos: 1 } as const;
  await listener.client.publishAsync("h2/lamp/properties/brightness/set", "99", retain);
  const told = JSON.parse(await listener.until("h2/refused"));
  assert.match(told.problem.detail, /^The broker kept this command/);
  assert.equal(lamp.brightness, 10);
});

test("how an action ends is told: with its output, or with the sentence of its problem", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h3"]);
  await houseAt(t, port, {
    ...{ lamp: new Bulb(), topic_prefix: "h3", discovery_prefix: "e3" },
  });
  const outcomeOf = async (name: string, payload: string) => {
    const topic = `h3/lamp/actions/${name}/outcome`;
    listener.values.delete(topic);
    await listener.client.publishAsync(`h3/lamp/actions/${name}`, payload);
    return JSON.parse(await listener.until(topic));
  };
  assert.equal((await outcomeOf("blink", "")).status, "completed");
  const { id, status, problem } = await outcomeOf("break", "");
  assert.match(id, /^[\w-]{36}$/);
  assert.deepEqual([status, problem.code], ["failed", "NOT_READY"]);
  assert.equal(problem.detail, "The lamp is broken. Put in another bulb.");
  assert.equal((await outcomeOf("count", "")).output, 1);
  const { output, output_omitted } = await outcomeOf("shout", "");
  assert.deepEqual([output, output_omitted], [undefined, true]);
  assert.ok(listener.all.every(({ topic, retain }) => !topic.endsWith("/outcome") || !retain));
});

test("a thousand commands in a second are carried out or refused, counted, and are a few lines of the log", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h4"]);
  const { lamp, lines, url } = await houseAt(t, port, {
    ...{ lamp: new Bulb(), topic_prefix: "h4", discovery_prefix: "e4" },
  });
  for (let n = 0; n < 200; n += 1) listener.client.publish("h4/lamp/actions/rest", "");
  for (let n = 0; n < 1000; n += 1) listener.client.publish("h4/lamp/actions/repeat", "NaN");
  // Refused as long as there are too many.
  while (lamp.label !== "after") {
    await listener.client.publishAsync("h4/lamp/properties/label/set", '"after"');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await eventually(() => lamp.rests > 0);
  const told = lines.filter((line) => /A command by MQTT to h4/.test(line));
  assert.ok(told.length >= 1 && told.length <= 3, told.join("\n"));
  lamp.wake();
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /limit_hits_total\{limit="mqtt_commands_refused"\} [1-9]/);
});

test("a broker that lets this server publish nothing is told of in the log, with what to do", {
  timeout,
}, async (t) => {
  const folder = await temporaryFolder();
  const file = join(folder, "acl");
  await writeFile(file, "topic read #\n");
  const strict = await mosquitto(`allow_anonymous true\nacl_file ${file}`);
  const { lines, url } = await houseAt(t, strict, { topic_prefix: "h5", discovery_prefix: "e5" });
  await eventually(() => lines.some((line) => line.includes("Not authorized")));
  const told = lines.filter((line) => line.includes("Not authorized"));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /refused the message to h5\/.* Allow .* to write/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /limit_hits_total\{limit="mqtt_messages_refused"\} [1-9]/);
});

test("a second server with the same topics tells nothing, and what is kept on their topic is nobody", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h6", "e6"]);
  const claim = JSON.stringify({ id: "x", since: -1, host: "nobody" });
  await listener.client.publishAsync("h6/server", claim, { retain: true, qos: 1 });
  const options = { topic_prefix: "h6", discovery_prefix: "e6" };
  const first = await houseAt(t, port, options);
  await listener.until("h6/lamp/properties/brightness");
  listener.all.length = 0;
  const second = await houseAt(t, port, { ...options, joins: false });
  await eventually(() => second.bridge.status.reason !== undefined);
  assert.match(second.bridge.status.reason ?? "", /already uses the topic_prefix 'h6'/);
  await second.server.close();
  await listener.client.publishAsync("h6/lamp/properties/brightness/set", "77");
  await listener.until("h6/lamp/properties/brightness", (text) => text === "77");
  const told = listener.all.filter(
    ({ topic, text }) =>
      (topic.startsWith("e6/") && !text.includes(first.url)) || text === "offline",
  );
  assert.deepEqual(told, []);
  assert.equal(first.bridge.status.state, "running");
});

test("a property that is never read to its end delays no other Thing, and many changes are told together", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h7"]);
  const { lamp } = await houseAt(t, port, {
    ...{ topic_prefix: "h7", discovery_prefix: "e7", refreshMs: 500 },
  });
  let lives = 0;
  const add = (name: string, read: (signal: AbortSignal) => number | Promise<number>) =>
    lamp.addProperty({ name, title: name, schema: Type.Number(), read });
  for (let n = 0; n < 60; n += 1) add(`extra_${n}`, () => lives++);
  await listener.until("h7/lamp/properties/extra_59");
  assert.ok(lives < 60 * 20, `${lives} readings`);
  add(
    "mute",
    (signal) =>
      new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const picture = "h7/camera/pictures/mjpeg_stream";
  for (let n = 0; n < 2; n += 1) {
    const before = await listener.until(picture);
    await listener.until(picture, (text) => text !== before);
  }
});

test("a broker that takes small messages has a Thing without its largest entities, and the log says so", {
  timeout,
}, async (t) => {
  const narrow = await mosquitto("allow_anonymous true\nmax_packet_size 8000");
  const listener = await listenerAt(t, narrow, ["h10", "e10"]);
  const lamp = new Lamp();
  const schema = Type.Enum(Array.from({ length: 5000 }, (_, n) => `choice ${n}`));
  const folder = await temporaryFolder();
  const options = { topic_prefix: "h10", discovery_prefix: "e10", settingsFolder: folder };
  const { lines } = await houseAt(t, narrow, { ...options, lamp });
  lamp.addProperty({ name: "long", title: "Long", schema, read: () => "choice 1" });
  await eventually(() =>
    lines.some((line) => /'lamp' .* 1 of its entities have no place/.test(line)),
  );
  await listener.until("h10/lamp/properties/long");
  const isLamp = (topic: string) => /^e10\/.*\/lamp\/config$/.test(topic);
  const config = listener.all.findLast(({ topic }) => isLamp(topic))?.text ?? "{}";
  const { components } = JSON.parse(config);
  assert.equal(components.property_brightness.platform, "number");
  assert.equal(components.property_long, undefined);
});

test("of a flood of events a hundred are told, the rest are counted and told of, and values go on", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h11"]);
  const options = { topic_prefix: "h11", discovery_prefix: "e11" };
  const { lamp, lines, url } = await houseAt(t, port, options);
  const from = performance.now();
  for (let count = 0; count < 900; count += 1) lamp.flashed.emit({ count });
  await eventually(() => lines.some((line) => /'flashed' is emitted too often/.test(line)));
  lamp.brightness = 44;
  await listener.until("h11/lamp/properties/brightness", (text) => text === "44");
  const told = listener.all.filter(({ topic }) => topic === "h11/lamp/events/flashed").length;
  const most = 100 + (performance.now() - from) / 100 + 1;
  assert.ok(told >= 100 && told <= most, `${told} of 900 were told`);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /limit_hits_total\{limit="mqtt_events"\} [1-9]/);
});

test("a broker that keeps nothing is told of in one line, however often it is tried again", {
  timeout,
}, async (t) => {
  const forgetful = await mosquitto("allow_anonymous true\nretain_available false");
  const { bridge, lines } = await houseAt(t, forgetful, { joins: false });
  await eventually(() => bridge.status.attempt > 2);
  const told = lines.filter((line) => line.includes("MQTT is not reached"));
  assert.equal(told.length, 1, told.join("\n"));
  assert.match(told[0] ?? "", /Retain not supported.* and keep retained messages/);
});

test("of all values that are read at once few are read in one turn of the event loop", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h9"]);
  const lamp = new Lamp();
  let inTurn = 0;
  let most = 0;
  const read = () => {
    inTurn += 1;
    most = Math.max(most, inTurn);
    return inTurn;
  };
  let turn = setImmediate(function next() {
    inTurn = 0;
    turn = setImmediate(next);
  });
  t.after(() => clearImmediate(turn));
  const { lamp: bulb } = await houseAt(t, port, {
    ...{ lamp, topic_prefix: "h9", discovery_prefix: "e9" },
  });
  for (let n = 0; n < 100; n += 1)
    bulb.addProperty({ name: `extra_${n}`, title: `${n}`, schema: Type.Number(), read });
  await listener.until("h9/lamp/properties/extra_99");
  assert.ok(most <= 8, `${most} in one turn`);
});

test("a broker that answers pings and acknowledges no message is left, told of, and told everything when it is well", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["h8"]);
  const line = await lineTo(t, port);
  const { lamp, lines, url } = await houseAt(t, line.port, {
    ...{ topic_prefix: "h8", discovery_prefix: "e8", silentMs: 1000 },
  });
  const brightness = "h8/lamp/properties/brightness";
  line.withhold(true);
  lamp.brightness = 55;
  await listener.until(brightness, (text) => text === "55"); // it came there, but that is not said
  await eventually(() => lines.some((one) => one.includes("has acknowledged nothing for 1 s")));
  lamp.brightness = 66;
  line.withhold(false);
  await listener.until(brightness, (text) => text === "66");
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /limit_hits_total\{limit="mqtt_silent_brokers"\} [1-9]/);
});
