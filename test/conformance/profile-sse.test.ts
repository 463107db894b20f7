import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { openEvents } from "../server/event-streams.ts";
import { ask } from "../server/requests.ts";
import { litRoom } from "./lamp.ts";
import { assertProblem, type Place, ProfileConsumer } from "./profile-consumer.ts";

// WoT Profiles 1.0, Working Draft of 30 September 2025, HTTP SSE Profile: by a consumer that reads the description only.

const options = { timeout: TEST_MS };
const SSE = "https://www.w3.org/2022/wot/profile/http-sse/v1";

async function consumerOf(t: TestContext) {
  const room = await litRoom(t);
  const consumer = await ProfileConsumer.of(`${room.url}/lamp/`);
  const follow = (op: string, place: Place, headers = {}) =>
    openEvents(t, consumer.urlFor(op, place, "sse").href, headers);
  return { ...room, consumer, follow };
}

test(
  "the profile is claimed, and every observable property and every event has a form for it",
  options,
  async (t) => {
    const { consumer } = await consumerOf(t);
    const { description } = consumer;
    assert.ok([description.profile].flat().includes(SSE));
    for (const [name, property] of Object.entries(
      description.properties as Record<string, object>,
    )) {
      const place = ["properties", name] as const;
      if (Reflect.get(property, "observable") === true)
        consumer.urlFor("observeproperty", place, "sse");
      else assert.throws(() => consumer.urlFor("observeproperty", place, "sse"), /no form/);
    }
    for (const name of Object.keys(description.events as object)) {
      consumer.urlFor("subscribeevent", ["events", name], "sse");
      consumer.urlFor("unsubscribeevent", ["events", name], "sse");
    }
    for (const kind of ["properties", "events"] as const) {
      for (const { forms } of Object.values(
        description[kind] as Record<string, { forms: object[] }>,
      )) {
        const ways = forms
          .map((form) => Reflect.get(form, "subprotocol"))
          .filter((way) => way !== undefined && way !== "webthingprotocol");
        if (ways.length > 0) assert.equal(ways[0], "longpoll", "node-wot takes the first");
      }
    }
  },
);

test(
  "the form of a property is at the URL that reads it: what is accepted picks the stream",
  options,
  async (t) => {
    const { consumer, follow, lamp } = await consumerOf(t);
    const place = ["properties", "level"] as const;
    assert.equal(
      consumer.urlFor("observeproperty", place, "sse").href,
      consumer.urlFor("readproperty", place).href,
    );
    const { response, next } = await follow("observeproperty", place);
    assert.deepEqual(
      [response.statusCode, response.headers["content-type"]],
      [200, "text/event-stream"],
    );
    lamp.level = 42;
    const message = await next();
    assert.deepEqual([message.event, message.data], ["level", "42"]);
    assert.equal((await consumer.read("level")).text, "42");
  },
);

test(
  "data is one JSON value on one line; ids are there and increase; what was missed is replayed",
  options,
  async (t) => {
    const { follow, lamp } = await consumerOf(t);
    const place = ["properties", "label"] as const;
    const { next, close } = await follow("observeproperty", place);
    const labels = ["a\nb\r\nc", "\u2028 \u0000 \u{1f52c}", null, ""];
    const messages = [];
    for (const label of labels) {
      lamp.label = label;
      messages.push(await next());
    }
    assert.deepEqual(
      messages.map(({ data }) => JSON.parse(data!)),
      labels,
    );
    const ids = messages.map(({ id }) => id!);
    assert.deepEqual([...new Set(ids)].sort(), ids);
    for (const id of ids) assert.ok(Math.abs(Date.parse(id) - Date.now()) < 10_000, id);
    close();
    lamp.label = "missed";
    const again = await follow("observeproperty", place, { "Last-Event-ID": ids[2]! });
    assert.deepEqual([(await again.next()).data, (await again.next()).data], ['""', '"missed"']);
  },
);

test("events come with their data if they have any, and nothing else does", options, async (t) => {
  const { follow, lamp } = await consumerOf(t);
  const hot = await follow("subscribeevent", ["events", "overheated"]);
  const broken = await follow("subscribeevent", ["events", "broken"]);
  lamp.broken.emit();
  lamp.overheated.emit(99.5);
  assert.deepEqual(
    [(await hot.next()).event, (await broken.next()).event],
    ["overheated", "broken"],
  );
});

test("the streams of all properties and of all events carry several names", options, async (t) => {
  const { follow, lamp } = await consumerOf(t);
  const all = await follow("observeallproperties", []);
  const events = await follow("subscribeallevents", []);
  lamp.level = 1;
  lamp.label = "y";
  lamp.broken.emit();
  lamp.overheated.emit(1);
  assert.deepEqual([(await all.next()).event, (await all.next()).event], ["level", "label"]);
  assert.deepEqual(
    [(await events.next()).event, (await events.next()).event],
    ["broken", "overheated"],
  );
});

test(
  "a stream of events that is not there is a problem; so is one without a login, where there is one",
  options,
  async (t) => {
    const { port } = await consumerOf(t);
    const headers = { accept: "text/event-stream" };
    assertProblem(await ask(port, { path: "/lamp/nope", headers }), 404);
    const guarded = await litRoom(t, { login: {} });
    for (const path of ["/lamp/level", "/lamp/events", "/lamp/properties", "/lamp/"]) {
      const refused = await ask(guarded.port, { path, headers });
      assertProblem(refused, 401);
      assert.match(String(refused.headers["www-authenticate"]), /^Basic realm=/);
    }
  },
);
