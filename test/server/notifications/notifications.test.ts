import assert from "node:assert/strict";
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { test } from "node:test";
import { litRoom } from "../../conformance/lamp.ts";
import { TEST_MS } from "../../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { picture } from "../../streams/pictures.ts";
import { openEvents } from "../event-streams.ts";
import { ask } from "../requests.ts";

const options = { timeout: TEST_MS };
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

test(
  "a property's URL answers with its value, or with server-sent events to who accepts those",
  options,
  async (t) => {
    const { lamp, url, port } = await litRoom(t);
    const events = await openEvents(t, `${url}/lamp/level`);
    assert.equal(events.response.statusCode, 200);
    assert.equal(events.response.headers["content-type"], "text/event-stream");
    assert.match(String(events.response.headers.vary), /Accept/);
    lamp.level = 1;
    lamp.level = 2;
    const [first, second] = [await events.next(), await events.next()];
    assert.deepEqual([first.event, first.data, second.data], ["level", "1", "2"]);
    assert.match(first.id ?? "", RFC_3339);
    assert.ok(first.id! < second.id!, "ids increase");
    for (const accept of ["application/json", "*/*", undefined]) {
      const read = await ask(port, { path: "/lamp/level", headers: accept ? { accept } : {} });
      assert.deepEqual([read.text, read.headers["content-type"]], ["2", "application/json"]);
    }
  },
);

test(
  "who comes back with the last id is told what it missed, and only that",
  options,
  async (t) => {
    const { lamp, url } = await litRoom(t);
    const events = await openEvents(t, `${url}/lamp/overheated`);
    for (const degrees of [80, 90, 100]) lamp.overheated.emit(degrees);
    const first = await events.next();
    events.close();
    lamp.overheated.emit(110);
    const again = await openEvents(t, `${url}/lamp/overheated`, { "Last-Event-ID": first.id! });
    const missed = [await again.next(), await again.next(), await again.next()];
    assert.deepEqual(
      missed.map(({ data }) => data),
      ["90", "100", "110"],
    );
    lamp.overheated.emit(120);
    assert.equal((await again.next()).data, "120");
  },
);

test(
  "an id that is no longer held, or of another run of the server, is answered with a gap",
  options,
  async (t) => {
    const { lamp, url, port } = await litRoom(t);
    const events = await openEvents(t, `${url}/lamp/overheated`);
    for (let degrees = 0; degrees < 1002; degrees++) lamp.overheated.emit(degrees);
    const first = await events.next();
    const late = await openEvents(t, `${url}/lamp/overheated`, { "Last-Event-ID": first.id! });
    const gap = await late.next();
    assert.deepEqual([gap.event, JSON.parse(gap.data!).after], ["gap", first.id]);
    assert.equal((await late.next()).data, "2");
    const old = await openEvents(t, `${url}/lamp/level?after=2001-01-01T00:00:00.000000Z`);
    assert.equal((await old.next()).event, "gap");
    lamp.level = 7;
    const setBack = "2199-01-01T00:00:00.000000Z"; // told before the clock of a machine was set back
    const back = await openEvents(t, `${url}/lamp/level`, { "Last-Event-ID": setBack });
    assert.deepEqual(JSON.parse((await back.next()).data!).after, setBack);
    assert.equal((await back.next()).data, "7");
    lamp.level = 8;
    assert.equal((await back.next()).data, "8");
    const polled = await ask(port, { path: `/lamp/level/next?after=${setBack}` });
    assert.deepEqual([polled.text, polled.headers["x-gap"]], ["7", "true"]);
    const nonsense = await ask(port, {
      path: "/lamp/level",
      headers: { accept: "text/event-stream", "last-event-id": "yesterday" },
    });
    assert.equal(nonsense.status, 400);
    assert.match(JSON.parse(nonsense.text).detail, /^"yesterday" is not the id of a notification/);
  },
);

test(
  "all properties and all events come over one stream each, under their names, in their order",
  options,
  async (t) => {
    const { lamp, url } = await litRoom(t);
    const properties = await openEvents(t, `${url}/lamp/properties`);
    const events = await openEvents(t, `${url}/lamp/events`);
    lamp.level = 1;
    lamp.overheated.emit(80);
    lamp.label = "two\nlines";
    lamp.broken.emit();
    lamp.level = 2;
    const changed = [await properties.next(), await properties.next(), await properties.next()];
    assert.deepEqual(
      changed.map(({ event, data }) => [event, data]),
      [
        ["level", "1"],
        ["label", '"two\\nlines"'],
        ["level", "2"],
      ],
    );
    const happened = [await events.next(), await events.next()];
    assert.deepEqual(
      happened.map(({ event, data }) => [event, data]),
      [
        ["overheated", "80"],
        ["broken", "null"],
      ],
    );
    properties.close();
    const again = await openEvents(t, `${url}/lamp/properties`, {
      "Last-Event-ID": changed[0]!.id!,
    });
    assert.deepEqual([(await again.next()).event, (await again.next()).data], ["label", "2"]);
  },
);

test(
  "HEAD of a stream of events is answered at once; a reader is told when to come back",
  options,
  async (t) => {
    const { port } = await litRoom(t);
    for (const path of [
      "/lamp/level",
      "/lamp/overheated",
      "/lamp/properties",
      "/lamp/events",
      "/lamp/live_frame",
    ]) {
      const { status, headers, text } = await ask(port, {
        method: "HEAD",
        path,
        headers: { accept: "text/event-stream" },
      });
      assert.deepEqual(
        [status, headers["content-type"], text],
        [200, "text/event-stream", ""],
        path,
      );
    }
  },
);

test(
  "a value that is not JSON is told as a problem, and harms neither the Thing nor its readers",
  options,
  async (t) => {
    const { lamp, host, url } = await litRoom(t);
    const events = await openEvents(t, `${url}/lamp/overheated`);
    Reflect.apply(lamp.overheated.emit, lamp.overheated, [1n]);
    lamp.overheated.emit(80);
    const { event, data } = await events.next();
    assert.match(
      `${event} ${data}`,
      /^problem .*"Event 'overheated' .* JSON cannot hold: it is a bigint/,
    );
    assert.equal((await events.next()).data, "80");
    assert.equal(host.get("lamp").state, "open");
  },
);

test(
  "a reader that takes nothing is dropped with a reason, and costs no more memory than is held anyway",
  options,
  async (t) => {
    const { lamp, url, port } = await litRoom(t);
    const sent = get(`${url}/lamp/label`, {
      headers: { Accept: "text/event-stream" },
      agent: false,
    });
    t.after(() => sent.destroy());
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    response.pause();
    const dropped = async () => {
      const { text } = await ask(port, { path: "/metrics" });
      return Number(/^thingscope_event_stream_dropped_total (\d+)$/m.exec(text)?.[1]);
    };
    const before = await memoryHeld();
    // It is cut off 10 s after it was dropped, so that a busy machine must not go on for longer than it needs.
    for (let n = 0; n < 600 && (n % 20 > 0 || (await dropped()) === 0); n++) {
      lamp.label = "x".repeat(100_000) + n;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const grown = (await memoryHeldWithin(before + 20e6)) - before;
    let length = 0;
    let end = "";
    for await (const chunk of response.setEncoding("utf8")) {
      length += chunk.length;
      end = (end + chunk).slice(-200);
    }
    assert.match(end, /event: dropped\ndata: "You read too slowly\./);
    assert.ok(length < 30e6, `${length} bytes of 60 MB were sent`);
    assert.ok(grown < 20e6, `${grown} bytes more`);
    const again = await openEvents(t, `${url}/lamp/label`, {
      "Last-Event-ID": "2026-01-01T00:00:00.000000Z",
    });
    assert.equal((await again.next()).event, "gap");
  },
);

test(
  "frames come as server-sent events in base64 to who understands nothing else",
  options,
  async (t) => {
    const { lamp, url } = await litRoom(t);
    const events = await openEvents(t, `${url}/lamp/live_frame`);
    const jpeg = picture(1);
    lamp.live.addFrame(jpeg);
    const { event, data } = await events.next();
    assert.deepEqual(
      [event, JSON.parse(data!)],
      ["live_frame", Buffer.from(jpeg).toString("base64")],
    );
  },
);

test("a reader that leaves is forgotten", options, async (t) => {
  const { url, port } = await litRoom(t);
  const readers = async () => {
    const { text } = await ask(port, { path: "/metrics" });
    return Number(/^thingscope_event_stream_readers (\d+)$/m.exec(text)?.[1]);
  };
  const events = await openEvents(t, `${url}/lamp/events`);
  assert.equal(await readers(), 1);
  events.close();
  while ((await readers()) > 0);
});
