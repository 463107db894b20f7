// One Thing's failure stays its own, over every wire.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { event, property, Thing, ThingEvent } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { openEvents } from "./event-streams.ts";
import { ask } from "./requests.ts";
import { served } from "./thing-bench.ts";
import { clientOf, observeProperties } from "./websocket-bench.ts";
import { consumerOf } from "./webthing-bench.ts";

const options = { timeout: TEST_MS };
const REASON =
  "Property 'temperature' of Thing 'thermometer' could not be read: Plug its cable in.";

class Thermometer extends Thing {
  isUnplugged = false;
  @property("Temperature", Type.Number(), { readOnly: true, observable: true })
  get temperature(): number {
    if (this.isUnplugged) throw new Error("Plug its cable in.");
    return 20;
  }
  @event("Too hot", Type.Number()) readonly hot = new ThingEvent<number>();
}

class Healthy extends Thing {
  @property("Level", Type.Integer()) accessor level = 1;
}

/** A thermometer beside a healthy Thing. */
async function laboratory(t: Parameters<typeof served>[0], server = {}) {
  const thermometer = new Thermometer();
  const things = { thermometer, healthy: new Healthy() };
  return { thermometer, ...(await served(t, things, { server })) };
}

test("a getter that throws is a problem that names the property", options, async (t) => {
  const { thermometer, port, errors, json } = await laboratory(t);
  thermometer.isUnplugged = true;
  for (let n = 0; n < 3; n++) {
    const { status, text } = await ask(port, { path: "/thermometer/temperature" });
    const { detail, code } = JSON.parse(text);
    assert.deepEqual([status, detail, code], [500, REASON, "PROPERTY_FAILED"]);
  }
  assert.deepEqual(errors(), [`thermometer: ${REASON}`], "the same fault is logged once");
  assert.equal(await json("/healthy/level"), 1);
});

test(
  "changed() of a getter that throws tells observers, is counted, and ends nothing",
  options,
  async (t) => {
    const { thermometer, url, port, errors, metric } = await laboratory(t);
    const wsUrl = `${url.replace("http", "ws")}/thermometer/ws`;
    const events = await openEvents(t, `${url}/thermometer/temperature`);
    const labThings = await clientOf(wsUrl);
    labThings.say(observeProperties("temperature"));
    labThings.say("{}");
    await labThings.next(); // answered: what was asked before is observed
    const consumer = await consumerOf(t, wsUrl);
    await consumer.ask("observeproperty", { name: "temperature" });
    const { headers } = await ask(port, { method: "HEAD", path: "/thermometer/temperature/next" });
    const next = String(/<(.+)>/.exec(String(headers.link))?.[1]);

    thermometer.isUnplugged = true;
    for (let n = 0; n < 30; n++) thermometer.changed("temperature");
    thermometer.isUnplugged = false;
    thermometer.changed("temperature");

    const { event: named, data } = await events.next();
    const { detail, name, status } = JSON.parse(String(data));
    assert.deepEqual([named, name, status, detail], ["problem", "temperature", 500, REASON]);
    const {
      messageType,
      name: failed,
      error,
    } = (await labThings.next()) as Record<string, unknown>;
    assert.deepEqual([messageType, failed], ["response", "temperature"]);
    assert.equal(Object(error).detail, REASON);
    const told = await consumer.told();
    assert.deepEqual(
      [told.messageType, told.operation, told.name, "value" in told, Object(told.error).detail],
      ["notification", "observeproperty", "temperature", false, REASON],
    );
    const polled = await ask(port, { path: `/thermometer/temperature/${next}` });
    assert.deepEqual(
      [polled.status, polled.headers["content-type"], JSON.parse(polled.text).detail],
      [500, "application/problem+json", REASON],
    );
    assert.match(String(polled.headers.link), /rel="next"/);

    for (let n = 1; n < 30; n++) await events.next();
    assert.deepEqual((await events.next()).data, "20");
    assert.deepEqual(errors(), [`thermometer: ${REASON}`]);
    assert.deepEqual(await metric("thingscope_thing_faults_total{"), [
      'thingscope_thing_faults_total{thing="thermometer",member="temperature"} 30',
    ]);
  },
);

test("a webhook is called with the problem", options, async (t) => {
  const called = createServer().listen(0, "127.0.0.1");
  await once(called, "listening");
  t.after(() => called.close());
  const host = `127.0.0.1:${(called.address() as AddressInfo).port}`;
  const { thermometer, url } = await laboratory(t, { webhooks: { allowedHosts: [host] } });
  const subscribed = await fetch(`${url}/thermometer/temperature`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ callbackURL: `http://${host}/heard` }),
  });
  assert.equal(subscribed.status, 201);
  thermometer.isUnplugged = true;
  thermometer.changed("temperature");
  const [request, response] = await once(called, "request");
  let body = "";
  for await (const chunk of request) body += chunk;
  response.end();
  assert.equal(request.headers["content-type"], "application/problem+json");
  assert.equal(JSON.parse(body).detail, REASON);
});

test(
  "a listener that throws, or rejects, keeps nothing from the others, nor from who emits",
  options,
  async (t) => {
    const { thermometer, url, errors, metric } = await laboratory(t);
    const heard: number[] = [];
    thermometer.hot.on(() => {
      throw new Error("Not now.");
    });
    thermometer.hot.on(async () => {
      throw new Error("Not then.");
    });
    thermometer.hot.on((degrees) => void heard.push(degrees));
    const events = await openEvents(t, `${url}/thermometer/hot`);
    thermometer.hot.emit(80);
    assert.equal((await events.next()).data, "80");
    assert.deepEqual(heard, [80]);
    const what = "thermometer: A listener to event 'hot' of Thing 'thermometer' failed:";
    assert.deepEqual(errors(), [`${what} Not now.`, `${what} Not then.`]);
    assert.match((await metric("thingscope_thing_faults_total")).join(), /member="hot"} 2$/);
  },
);

test(
  "an event that does not fit its schema is not told: observers get the problem",
  options,
  async (t) => {
    const { thermometer, url } = await laboratory(t);
    const events = await openEvents(t, `${url}/thermometer/hot`);
    thermometer.hot.emit(Number.NaN);
    Reflect.apply(thermometer.hot.emit, thermometer.hot, ["80"]);
    thermometer.hot.emit(80);
    const [nan, text] = [await events.next(), await events.next()];
    assert.deepEqual([nan.event, text.event], ["problem", "problem"]);
    assert.match(String(nan.data), /Event 'hot' .* JSON cannot hold: it is NaN/);
    assert.match(String(text.data), /its own schema refuses: it should be a number/);
    assert.equal((await events.next()).data, "80");
  },
);

class Sensor extends Thing {
  @property("Spectrum", Type.Array(Type.Number()), { readOnly: true }) get spectrum(): number[] {
    return [1, 2, 3, Number.NaN];
  }
  @property("Level", Type.Integer()) accessor level = 1;
}

test("one property that fails does not hide the others, and is named", options, async (t) => {
  const { port, url } = await served(t, { sensor: new Sensor() });
  const { status, text, headers } = await ask(port, { path: "/sensor/properties" });
  assert.deepEqual([status, JSON.parse(text)], [200, { level: 1 }]);
  assert.equal(headers["x-unreadable-properties"], "spectrum");
  const consumer = await consumerOf(t, `${url.replace("http", "ws")}/sensor/ws`);
  const { values, errors } = await consumer.ask("readallproperties");
  assert.deepEqual(values, { level: 1 });
  assert.match(Object(errors).spectrum.detail, /'spectrum' .* JSON cannot hold: \/3 is NaN/);
});

test(
  "a thousand properties of which one can be read are answered with headers that clients take",
  options,
  async (t) => {
    const sensor = new Sensor();
    const schema = Type.Number();
    const read = (): number => {
      throw new Error("The cable is out.");
    };
    for (let n = 0; n < 998; n++)
      sensor.addProperty({ name: `detector_channel_${n}`, title: "Channel", schema, read });
    const { url } = await served(t, { sensor });
    const answer = await fetch(`${url}/sensor/properties`);
    assert.deepEqual([answer.status, await answer.json()], [200, { level: 1 }]);
    const unread = String(answer.headers.get("x-unreadable-properties"));
    assert.match(unread, /^spectrum, detector_channel_0, .*detector_channel_\d+, \.\.\.$/);
    assert.ok(unread.length <= 4005, `${unread.length}`);
  },
);
