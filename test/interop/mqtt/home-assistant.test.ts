import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../../limits.ts";
import { houseAt } from "./house.ts";
import { lineTo, listenerAt, mosquitto } from "./mosquitto.ts";

const timeout = TEST_MS;
const port = await mosquitto();

test("each Thing is a device whose entities have the units and limits of its description", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["d1", "t1"]);
  await houseAt(t, port, { topic_prefix: "t1", discovery_prefix: "d1" });
  const config = JSON.parse(await configOf(listener, "d1", "lamp"));
  const { components, availability, availability_mode } = config;
  assert.equal(config.device.name, "Lamp");
  assert.equal(availability_mode, "all");
  assert.deepEqual(availability, [{ topic: "t1/status" }, { topic: "t1/lamp/status" }]);
  const platforms = Object.entries<{ platform: string }>(components).map(
    ([key, { platform }]) => `${key} ${platform}`,
  );
  assert.deepEqual(platforms, [
    "property_brightness number",
    "property_colour select",
    "property_on switch",
    "property_label text",
    "property_flash number",
    "property_shade sensor",
    "property_pose select",
    "property_temperature sensor",
    "property_hot binary_sensor",
    "property_life_hours sensor",
    "property_life_since sensor",
    "property_life_state sensor",
    "property_life_spare sensor",
    "property_life_tested binary_sensor",
    "action_blink button",
    "event_flashed event",
  ]);
  const brightness = components.property_brightness;
  assert.deepEqual([brightness.min, brightness.max, brightness.unit_of_measurement], [0, 100, "%"]);
  const { property_flash: flash, property_temperature: temperature } = components;
  assert.deepEqual([flash.min, flash.mode, flash.unit_of_measurement], [1, "box", "µs"]);
  assert.equal(flash.name, "Flash length");
  assert.deepEqual(
    [temperature.device_class, temperature.unit_of_measurement],
    ["temperature", "°C"],
  );
  assert.deepEqual(components.property_colour.options, ["warm", "cold"]);
  assert.deepEqual(components.property_pose.options, ["upright", "bent"]);
  assert.equal(components.property_shade.command_topic, undefined);
  assert.equal(await listener.until("t1/lamp/properties/brightness"), "10");
  assert.equal(await listener.until("t1/lamp/status"), "online");
});

test("a command writes or starts as over HTTP, and the new value is told", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["t2"]);
  const { lamp } = await houseAt(t, port, { topic_prefix: "t2", discovery_prefix: "d2" });
  await listener.client.publishAsync("t2/lamp/properties/brightness/set", "40.5");
  await listener.until("t2/lamp/properties/brightness", (text) => text === "40.5");
  await listener.client.publishAsync("t2/lamp/properties/colour/set", '"cold"');
  await listener.until("t2/lamp/properties/colour", (text) => text === '"cold"');
  await listener.client.publishAsync("t2/lamp/actions/blink", "");
  assert.equal(await listener.until("t2/lamp/events/flashed"), '{"count":1}');
  await listener.client.publishAsync("t2/lamp/actions/repeat", '{"times":3}');
  await listener.client.publishAsync("t2/lamp/actions/blink", "");
  await listener.until("t2/lamp/events/flashed", (text) => text === '{"count":5}');
  assert.deepEqual([lamp.brightness, lamp.colour, lamp.presses], [40.5, "cold", 5]);
});

test("what is refused is counted, has one line in the log, and is told with its reason", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["t3"]);
  const { lamp, lines, url } = await houseAt(t, port, {
    topic_prefix: "t3",
    discovery_prefix: "d3",
  });
  const before = await refusedAt(url);
  const set = "t3/lamp/properties/brightness/set";
  const refusals: readonly (readonly [string, string | Buffer, string])[] = [
    [set, "NaN", "INVALID_INPUT"],
    [set, "1000", "INVALID_INPUT"],
    [set, "{", "INVALID_INPUT"],
    [set, Buffer.from([0x22, 0xff, 0xfe, 0x22]), "INVALID_INPUT"],
    ["t3/lamp/properties/temperature/set", "1", "METHOD_NOT_ALLOWED"],
    ["t3/lamp/properties/none/set", "1", "UNKNOWN_AFFORDANCE"],
    ["t3/none/actions/blink", "", "NOT_FOUND"],
    ["t3/lamp/actions/repeat", '{"times":0}', "INVALID_INPUT"],
    ["t3/lamp/actions/repeat", Buffer.alloc(100_000, 0x31), "BODY_TOO_LARGE"],
  ];
  for (const [topic, payload, code] of refusals) {
    listener.values.delete("t3/refused");
    await listener.client.publishAsync(topic, payload);
    const told = JSON.parse(await listener.until("t3/refused"));
    assert.equal(told.topic, topic);
    assert.equal(told.problem.code, code, `${topic} ${payload.slice(0, 9)}`);
    assert.ok(told.payload.length <= 201);
  }
  assert.equal(lamp.brightness, 10);
  assert.equal((await refusedAt(url)) - before, refusals.length);
  const told = lines.filter((line) => line.includes("A command by MQTT to"));
  assert.equal(told.length, 5, "one for each code");
  // The broker keeps this away from here.
  await listener.client.publishAsync(set, Buffer.alloc(10_000_000, 0x31));
  await listener.client.publishAsync(set, "11");
  await listener.until("t3/lamp/properties/brightness", (text) => text === "11");
});

test("a flood of values ends with the newest one", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["t4"]);
  const { lamp, url } = await houseAt(t, port, { topic_prefix: "t4", discovery_prefix: "d4" });
  const before = await metricAt(url, "mqtt_commands_replaced");
  for (let n = 1; n <= 2000; n += 1)
    listener.client.publish("t4/lamp/properties/brightness/set", String(n / 20));
  await listener.until("t4/lamp/properties/brightness", (text) => text === "100");
  assert.equal(lamp.brightness, 100);
  const told = listener.all.filter(({ topic }) => topic === "t4/lamp/properties/brightness");
  assert.ok(told.length < 500, `${told.length} of 2000 were told`);
  assert.ok((await metricAt(url, "mqtt_commands_replaced")) > before);
});

test("a command that the broker has kept is not carried out", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["t5"]);
  const kept = { retain: true, qos: 1 } as const;
  await listener.client.publishAsync("t5/lamp/actions/blink", "{}", kept);
  await listener.client.publishAsync("t5/lamp/properties/brightness/set", "99", kept);
  const { lamp, lines } = await houseAt(t, port, { topic_prefix: "t5", discovery_prefix: "d5" });
  await listener.until("t5/refused");
  await listener.client.publishAsync("t5/lamp/properties/label/set", '"after"');
  await listener.until("t5/lamp/properties/label", (text) => text === '"after"');
  assert.deepEqual([lamp.presses, lamp.brightness], [0, 10]);
  assert.ok(
    lines.some((line) => /The broker kept this command .* Remove it with an empty/.test(line)),
  );
});

test("when the connection is lost the last will says so, all local goes on, and everything is told again", {
  timeout,
}, async (t) => {
  const line = await lineTo(t, port);
  const listener = await listenerAt(t, port, ["t6", "d6"]);
  const { lamp, url, bridge, lines } = await houseAt(t, line.port, {
    topic_prefix: "t6",
    discovery_prefix: "d6",
  });
  await listener.until("t6/status", (text) => text === "online");
  line.cut();
  await listener.until("t6/status", (text) => text === "offline");
  const body = { method: "PUT", headers: { "Content-Type": "application/json" } };
  for (const value of [1, 2, 3])
    await fetch(`${url}/lamp/brightness`, { ...body, body: String(value) });
  assert.equal(lamp.brightness, 3);
  assert.equal(listener.values.get("t6/lamp/properties/brightness"), "10");
  listener.all.length = 0;
  line.restore();
  await listener.until("t6/status", (text) => text === "online");
  await listener.until("t6/lamp/properties/brightness", (text) => text === "3");
  const told = listener.all.filter(({ topic }) => topic === "t6/lamp/properties/brightness");
  assert.deepEqual(
    told.map(({ text }) => text),
    ["3"],
    "the newest alone",
  );
  assert.ok(lines.some((text) => /MQTT is not reached: .* Everything local goes on/.test(text)));
  assert.equal(bridge.status.state, "running");
});

test("when Home Assistant starts, everything is told again", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["t7", "d7"]);
  await houseAt(t, port, { topic_prefix: "t7", discovery_prefix: "d7" });
  await configOf(listener, "d7", "camera");
  listener.values.clear();
  await listener.client.publishAsync("d7/status", "online");
  await configOf(listener, "d7", "lamp");
  await configOf(listener, "d7", "camera");
  await listener.until("t7/lamp/properties/brightness", (text) => text === "10");
  await listener.until("t7/camera/status", (text) => text === "online");
});

test("what is gone is removed from the broker, also when it went while the server was away", {
  timeout,
}, async (t) => {
  const listener = await listenerAt(t, port, ["t8", "d8"]);
  const { server } = await houseAt(t, port, { topic_prefix: "t8", discovery_prefix: "d8" });
  const { topic } = await configTopic(listener, "d8", "lamp");
  const node = topic.split("/")[2];
  const kept = { retain: true, qos: 1 } as const;
  await server.host.exchange(["lamp"], async () => {});
  await listener.until(topic, (text) => text === "");
  await listener.until("t8/lamp/properties/brightness", (text) => text === "");
  await listener.until("t8/lamp/status", (text) => text === "");
  const { settingsFolder } = server.host;
  await server.close();
  await listener.until("t8/status", (text) => text === "offline");
  const old = { components: { property_old: { platform: "sensor" } } };
  await listener.client.publishAsync(`d8/device/${node}/gone/config`, "{}", kept);
  await listener.client.publishAsync(`d8/device/${node}/lamp/config`, JSON.stringify(old), kept);
  await listener.client.publishAsync("t8/gone/properties/x", "1", kept);
  const [moved, others] = ["d8/device/moved/lamp/config", "d8/device/zigbee/lamp/config"] as const;
  const availableBy = (topic: string) => JSON.stringify({ availability: [{ topic }] });
  await listener.client.publishAsync(moved, availableBy("t8/status"), kept);
  await listener.client.publishAsync(others, availableBy("zigbee/status"), kept);
  await houseAt(t, port, {
    topic_prefix: "t8",
    discovery_prefix: "d8",
    settingsFolder,
    refreshMs: 1,
  });
  await listener.until(`d8/device/${node}/gone/config`, (text) => text === "");
  await listener.until("t8/gone/properties/x", (text) => text === "");
  await listener.until(moved, (text) => text === "");
  const config = await listener.until(topic, (text) => text.includes("property_brightness"));
  assert.deepEqual(JSON.parse(config).components.property_old, { platform: "sensor" });
  assert.equal(listener.values.get(others), availableBy("zigbee/status"));
});

test("a picture's address shows it to who has not logged in", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["t9"]);
  const { url } = await houseAt(t, port, { topic_prefix: "t9", discovery_prefix: "d9", login: {} });
  assert.equal((await fetch(`${url}/camera/mjpeg_stream/snapshot`)).status, 401);
  const picture = await listener.until("t9/camera/pictures/mjpeg_stream");
  const { stream_url, still_url } = JSON.parse(
    await listener.until("t9/camera/pictures/mjpeg_stream/addresses"),
  );
  for (const address of [picture, still_url, stream_url]) {
    const response = await fetch(address);
    assert.equal(response.status, 200, address);
    await response.body?.cancel();
  }
  assert.equal((await fetch(still_url.replace("snapshot", "next"))).status, 401);
});

test("two servers with the same topics are told apart, and what to do is said", {
  timeout,
}, async (t) => {
  const options = { topic_prefix: "t10", discovery_prefix: "d10" };
  const first = await houseAt(t, port, options);
  const second = await houseAt(t, port, { ...options, joins: false });
  while (!second.bridge.status.reason) await new Promise((resolve) => setImmediate(resolve));
  assert.match(second.bridge.status.reason, /already uses the topic_prefix 't10'.* another/);
  assert.equal(first.bridge.status.state, "running");
});

test("with the role view nothing is commanded", { timeout }, async (t) => {
  const listener = await listenerAt(t, port, ["d11", "t11"]);
  const { lamp } = await houseAt(t, port, {
    topic_prefix: "t11",
    discovery_prefix: "d11",
    role: "view",
  });
  const { components } = JSON.parse(await configOf(listener, "d11", "lamp"));
  assert.equal(components.property_brightness.platform, "sensor");
  assert.equal(components.action_blink, undefined);
  await listener.client.publishAsync("t11/lamp/actions/blink", "", { qos: 1 });
  await listener.client.publishAsync("d11/status", "online", { qos: 1 });
  listener.values.clear();
  await listener.until("t11/lamp/status");
  assert.equal(lamp.presses, 0);
});

type Listening = Awaited<ReturnType<typeof listenerAt>>;

async function configTopic(listener: Listening, prefix: string, thing: string) {
  const isOf = (topic: string) =>
    topic.startsWith(`${prefix}/device/`) && topic.endsWith(`/${thing}/config`);
  for (;;) {
    const found = [...listener.values].find(([topic, text]) => isOf(topic) && text !== "");
    if (found) return { topic: found[0], text: found[1] };
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function configOf(listener: Listening, prefix: string, thing: string): Promise<string> {
  return (await configTopic(listener, prefix, thing)).text;
}

async function metricAt(url: string, limit: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const found = new RegExp(`limit_hits_total\\{limit="${limit}"\\} (\\d+)`).exec(text);
  return Number(found?.[1]);
}

function refusedAt(url: string): Promise<number> {
  return metricAt(url, "mqtt_commands_refused");
}
