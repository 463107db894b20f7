import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { packagePath } from "../../../src/base/package-root.ts";
import { folderWith, runCli, type Served, serveCli } from "../../cli/run-cli.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong } from "../../needs.ts";
import { HomeAssistant, isPicture, isStream, type State } from "./home-assistant.ts";
import { type Broker, brokerWith, type Listener, listenerAt } from "./mosquitto.ts";

const PREFIX = "lab/bench";
const LAMP = packagePath("dist", "test", "interop", "mqtt", "lamp.js");
const THINGS = [
  "lamp: { class: ./lamp.js:FaultyLamp, title: Lamp }",
  "camera: thingscope/things:TestCamera",
];
const GUEST = "guest: { class: ./lamp.js:Lamp, title: Guest }";

const timeout = 4 * TEST_MS;

/** A house: a broker, Home Assistant, and a server with a login. */
interface House {
  readonly broker: Broker;
  readonly hass: HomeAssistant;
  readonly listener: Listener;
  readonly folder: string;
  /** Of the server, for programs that send it. */
  readonly token: string;
  served: Served;
}

test("Home Assistant's core shows and operates Things as docs/home-assistant.md says", {
  timeout,
  ...needsLong(),
}, async (t) => {
  const house = await houseFor(t);
  await t.test("each Thing is a device, with units, limits and choices", () => shown(house));
  await t.test("its actions reach the Thing", () => operated(house));
  await t.test("what is invalid is refused, and the value stays", () => refused(house));
  await t.test("a button runs its action, and an event tells its data", () => told(house));
  await t.test("a failed action is told by the automation of the docs", () => automated(house));
  await t.test("a still comes by its image, which stays current", () => pictured(house));
  await t.test("live pictures come by MJPEG IP Camera and Generic Camera", () => live(house));
  await t.test("a killed server is unavailable, and comes back", () => killed(t, house));
  await t.test("a broker that has lost all it kept is told everything", () => forgotten(house));
  await t.test("after its restart Home Assistant knows everything", () => restarted(house));
  await t.test("a Thing that is gone is a device no longer", () => removed(t, house));
});

async function houseFor(t: TestContext): Promise<House> {
  const broker = await brokerWith();
  const listener = await listenerAt(t, broker.port, ["lab"]);
  const folder = await folderWith({ "lamp.js": `export * from "${LAMP}";\n` });
  await configure(folder, broker.port, [...THINGS, GUEST]);
  const served = await serveCli(t, folder, "lab.yaml");
  const hass = await HomeAssistant.start(t, await automationOfDocs());
  await hass.integrate("mqtt", { broker: "127.0.0.1", port: broker.port });
  await hass.shows("number.lamp_brightness", "10");
  return { broker, hass, listener, folder, served, token: await tokenOf(folder) };
}

async function configure(folder: string, port: number, things: readonly string[]): Promise<void> {
  const lines = things.map((one) => `  ${one}\n`).join("");
  const mqtt = `mqtt: { broker: "mqtt://127.0.0.1:${port}", topic_prefix: ${PREFIX} }`;
  await writeFile(join(folder, "lab.yaml"), `things:\n${lines}login: true\n${mqtt}\n`);
}

/** The page's example, for an action of the lamp. */
async function automationOfDocs(): Promise<string> {
  const page = await readFile(packagePath("docs", "home-assistant.md"), "utf8");
  const example = /```yaml\n(automation:\n.*?)```/s.exec(page)?.[1];
  assert.ok(example);
  return example.replace(
    "thingscope/pi-3/stage/actions/move_relative",
    `${PREFIX}/lamp/actions/burn`,
  );
}

/** What Home Assistant has of the lamp, each with some of its attributes. */
const LAMP_ENTITIES: readonly (readonly [string, string, object])[] = [
  ["number.lamp_brightness", "10", { min: 0, max: 100, step: 0.1, unit_of_measurement: "%" }],
  ["number.lamp_flash_length", "5", { min: 1, step: 1, mode: "box", unit_of_measurement: "µs" }],
  ["select.lamp_colour", "warm", { options: ["warm", "cold"] }],
  ["sensor.lamp_shade", "1", {}],
  ["select.lamp_pose", "upright", { options: ["upright", "bent"] }],
  ["switch.lamp_on", "off", {}],
  ["text.lamp_label", "desk", { min: 0, max: 20 }],
  ["sensor.lamp_temperature", "20.5", { unit_of_measurement: "°C", device_class: "temperature" }],
  ["binary_sensor.lamp_hot", "off", {}],
  ["sensor.lamp_life_hours", "12", { unit_of_measurement: "h", device_class: "duration" }],
  ["sensor.lamp_life_since", "2026-01-02T03:04:05+00:00", { device_class: "timestamp" }],
  ["sensor.lamp_life_state", "good", { options: ["good", "worn"], device_class: "enum" }],
  ["sensor.lamp_life_spare", "unknown", {}],
  ["binary_sensor.lamp_life_tested", "unknown", {}],
  ["button.lamp_blink", "unknown", {}],
  ["event.lamp_flashed", "unknown", { event_types: ["flashed"] }],
];

async function shown({ hass, served }: House): Promise<void> {
  for (const [id, state, attributes] of LAMP_ENTITIES) {
    const { attributes: all } = await hass.shows(id, state);
    for (const [name, value] of Object.entries(attributes))
      assert.deepEqual(all[name], value, `${id} ${name}`);
  }
  const devices: Device[] = await hass.ask("config/device_registry/list");
  const ours = devices.filter(({ manufacturer }) => manufacturer === "Thingscope");
  assert.deepEqual(ours.map(({ name }) => name).sort(), ["Guest", "Lamp", "Test camera"]);
  const lamp = ours.find(({ name }) => name === "Lamp");
  assert.deepEqual([lamp?.model, lamp?.configuration_url], ["FaultyLamp", `${served.url}/lamp/`]);
  const registered: { entity_id: string }[] = await hass.ask("config/entity_registry/list");
  const ids = registered.map(({ entity_id }) => entity_id).filter((id) => /\.lamp_/.test(id));
  assert.deepEqual(ids.sort(), LAMP_ENTITIES.map(([id]) => id).sort());
}

interface Device {
  readonly name: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly configuration_url: string;
}

/** Actions of Home Assistant, the state that each leads to, and the property that it writes. */
const ACTIONS = [
  ["number.set_value", "number.lamp_brightness", { value: 42.5 }, "42.5", "brightness", 42.5],
  ["number.set_value", "number.lamp_flash_length", { value: 7 }, "7", "flash", 7],
  ["select.select_option", "select.lamp_colour", { option: "cold" }, "cold", "colour", "cold"],
  ["select.select_option", "select.lamp_pose", { option: "bent" }, "bent", "pose", "bent"],
  ["switch.turn_on", "switch.lamp_on", {}, "on", "on", true],
  ["text.set_value", "text.lamp_label", { value: 'a "ä" ☃' }, 'a "ä" ☃', "label", 'a "ä" ☃'],
] as const;

async function operated({ hass, served, token }: House): Promise<void> {
  for (const [action, entity_id, data, state, property, value] of ACTIONS) {
    const { status } = await hass.act(action, { entity_id, ...data });
    assert.equal(status, 200, action);
    await hass.shows(entity_id, state);
    const headers = { Authorization: `Bearer ${token}` };
    const response = await fetch(`${served.url}/lamp/${property}`, { headers });
    assert.deepEqual(await response.json(), value);
  }
  const written = await fetch(`${served.url}/lamp/brightness`, {
    method: "PUT",
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
    body: "55",
  });
  assert.ok(written.ok);
  await hass.shows("number.lamp_brightness", "55");
}

async function refused({ hass, listener }: House): Promise<void> {
  for (const [action, entity_id, data] of [
    ["number.set_value", "number.lamp_brightness", { value: 1000 }],
    ["select.select_option", "select.lamp_colour", { option: "green" }],
    ["text.set_value", "text.lamp_label", { value: "x".repeat(21) }],
  ] as const)
    assert.ok((await hass.act(action, { entity_id, ...data })).status >= 400, action);
  for (const payload of ["NaN", "1000", "", "{"]) {
    listener.values.delete(`${PREFIX}/refused`);
    const topic = `${PREFIX}/lamp/properties/brightness/set`;
    await hass.act("mqtt.publish", { topic, payload });
    const { problem } = JSON.parse(await listener.until(`${PREFIX}/refused`));
    assert.equal(problem.code, "INVALID_INPUT", payload);
  }
  await hass.shows("number.lamp_brightness", "55");
}

async function told({ hass }: House): Promise<void> {
  const entity_id = "button.lamp_blink";
  for (const count of [1, 2]) {
    await hass.act("button.press", { entity_id });
    const isTold = ({ attributes }: State) => isDeepStrictEqual(attributes.data, { count });
    const { attributes } = await hass.until("event.lamp_flashed", isTold);
    assert.equal(attributes.event_type, "flashed");
  }
}

async function automated({ hass, listener }: House): Promise<void> {
  const entity_id = "automation.stage_has_failed";
  for (const action of ["turn_off", "turn_on"]) // it was there before MQTT
    await hass.act(`automation.${action}`, { entity_id });
  const topic = `${PREFIX}/lamp/actions/burn`;
  const signal = patience();
  for (;;) {
    signal.throwIfAborted();
    listener.values.delete(`${topic}/outcome`);
    await hass.act("mqtt.publish", { topic, payload: '{"after": 0}' });
    await listener.until(`${topic}/outcome`);
    const [one]: { message: string }[] = await hass.ask("persistent_notification/get");
    if (!one) continue; // Home Assistant has not yet subscribed, as it does a moment later
    assert.equal(one.message, "The lamp is broken. Put in another bulb.");
    return;
  }
}

const IMAGE = "image.test_camera_mjpeg_stream";

async function pictured({ hass, served }: House): Promise<void> {
  const { state, attributes } = await hass.until(IMAGE, isAvailable);
  assert.match(String(attributes.still_url), /snapshot\?expires=\d+&by=.*&signature=/);
  assert.ok(String(attributes.stream_url).startsWith(`${served.url}/camera/mjpeg_stream?`));
  await isPicture(await hass.get(`/api/image_proxy/${IMAGE}`));
  await hass.until(IMAGE, (now) => isAvailable(now) && now.state !== state); // a new one
  await isPicture(await hass.get(`/api/image_proxy/${IMAGE}`));
}

async function live({ hass, served, token }: House): Promise<void> {
  const { attributes } = await hass.until(IMAGE, isAvailable);
  const signed = { mjpeg_url: attributes.stream_url, still_image_url: attributes.still_url };
  await hass.integrate("mjpeg", { name: "Signed", ...signed });
  const stream = `${served.url}/camera/mjpeg_stream`;
  const plain = { mjpeg_url: stream, still_image_url: `${stream}/snapshot` };
  await hass.integrate("mjpeg", { name: "Token", ...plain, username: "any", password: token });
  const still_image_url = await templateOfDocs();
  const options = { still_image_url, verify_ssl: true, authentication: "basic", framerate: 2 };
  const { title } = await hass.integrate("generic", options, { confirmed_ok: true });
  const generic = `camera.${String(title).toLowerCase().replace(/\W+/g, "_")}`;
  for (const camera of ["camera.signed", "camera.token", generic]) {
    await hass.until(camera, isAvailable);
    await isPicture(await hass.get(`/api/camera_proxy/${camera}`));
    await isStream(await hass.get(`/api/camera_proxy_stream/${camera}`));
  }
}

async function killed(t: TestContext, house: House): Promise<void> {
  const { hass, folder } = house;
  await house.served.stop("SIGKILL");
  for (const id of ["number.lamp_brightness", "event.lamp_flashed", "button.lamp_blink", IMAGE])
    await hass.shows(id, "unavailable");
  house.served = await serveCli(t, folder, "lab.yaml");
  await hass.shows("number.lamp_brightness", "10"); // a property that is no setting begins anew
  await hass.shows("select.lamp_colour", "cold");
  const isNew = ({ attributes }: State) =>
    String(attributes.still_url).startsWith(house.served.url);
  await hass.until(IMAGE, isNew);
  await hass.until(IMAGE, isAvailable);
  await isPicture(await hass.get(`/api/image_proxy/${IMAGE}`));
}

async function forgotten({ broker, hass }: House): Promise<void> {
  await broker.kill();
  await hass.shows("number.lamp_brightness", "unavailable");
  await broker.restart();
  await hass.shows("number.lamp_brightness", "10");
  await hass.act("number.set_value", { entity_id: "number.lamp_brightness", value: 20 });
  await hass.shows("number.lamp_brightness", "20");
}

async function restarted({ hass }: House): Promise<void> {
  await hass.restart();
  await hass.shows("number.lamp_brightness", "20");
  await hass.until(IMAGE, isAvailable);
  await hass.act("switch.turn_on", { entity_id: "switch.lamp_on" });
  await hass.shows("switch.lamp_on", "on");
}

async function removed(t: TestContext, house: House): Promise<void> {
  const { broker, hass, folder } = house;
  await hass.until("number.guest_brightness");
  await house.served.stop();
  await hass.shows("number.guest_brightness", "unavailable");
  await configure(folder, broker.port, THINGS);
  house.served = await serveCli(t, folder, "lab.yaml");
  await hass.gone("number.guest_brightness");
  const devices: Device[] = await hass.ask("config/device_registry/list");
  assert.ok(!devices.some(({ name }) => name === "Guest"));
  await hass.shows("number.lamp_brightness", "10");
  const kept = await listenerAt(t, broker.port, ["lab", "homeassistant"]);
  await kept.until(`${PREFIX}/lamp/status`);
  const junk = [...kept.values.keys()].filter((topic) => topic.includes("/guest/"));
  assert.deepEqual(junk, []);
}

function isAvailable({ state }: State): boolean {
  return state !== "unavailable" && state !== "unknown";
}

async function tokenOf(folder: string): Promise<string> {
  const command = ["tokens", "create", "--role", "operate", "--days", "3650", "--name", "test"];
  const { code, stdout, stderr } = await runCli(folder, ...command);
  assert.equal(code, 0, stderr);
  return stdout.trim();
}

/** The template for Generic Camera, for this camera. */
async function templateOfDocs(): Promise<string> {
  const page = await readFile(packagePath("docs", "home-assistant.md"), "utf8");
  const template = /```text\n(\{\{ state_attr.*?)\n```/s.exec(page)?.[1];
  assert.ok(template);
  return template.replace(/image\.\w+/, IMAGE);
}
