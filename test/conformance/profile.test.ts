import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { ask } from "../server/requests.ts";
import { litRoom } from "./lamp.ts";
import { assertProblem, ProfileConsumer, send } from "./profile-consumer.ts";
import { tdFaults } from "./td-schema.ts";

// WoT Profiles 1.0, Working Draft of 30 September 2025, HTTP Basic Profile: by a consumer that reads the description only.

const options = { timeout: TEST_MS };
const BASIC = "https://www.w3.org/2022/wot/profile/http-basic/v1";
const PROFILE_WORDS = new Set(["pending", "running", "completed", "failed"]);

async function consumerOf(t: Parameters<typeof litRoom>[0]) {
  const room = await litRoom(t);
  return { ...room, consumer: await ProfileConsumer.of(`${room.url}/lamp/`) };
}

test(
  "the description claims the profile, has the context of TD 1.1, and says of each action whether it is synchronous",
  options,
  async (t) => {
    const { consumer } = await consumerOf(t);
    const { description } = consumer;
    assert.deepEqual(tdFaults(description), []);
    assert.ok([description.profile].flat().includes(BASIC));
    assert.ok([description["@context"]].flat().includes("https://www.w3.org/2022/wot/td/v1.1"));
    for (const [name, action] of Object.entries(description.actions as Record<string, object>)) {
      assert.equal(typeof Reflect.get(action, "synchronous"), "boolean", name);
    }
  },
);

test(
  "a property is read as JSON and written with 204; a bad value and an unknown name are problems",
  options,
  async (t) => {
    const { consumer, port, lamp } = await consumerOf(t);
    const read = await consumer.read("level");
    assert.deepEqual([read.status, read.text], [200, "0"]);
    assert.equal(read.headers["content-type"], "application/json");
    const written = await consumer.write("level", 42);
    assert.deepEqual([written.status, written.text], [204, ""]);
    assert.equal(written.headers["content-type"], undefined);
    assert.equal(lamp.level, 42);
    assertProblem(await consumer.write("level", 101));
    assertProblem(await consumer.write("level", "bright"));
    assert.equal(lamp.level, 42);
    assertProblem(await ask(port, { path: "/lamp/nope" }), 404);
  },
);

test("all properties are read at once: exactly the readable names", options, async (t) => {
  const { consumer } = await consumerOf(t);
  const { status, headers, text } = await consumer.readAll();
  assert.deepEqual([status, headers["content-type"]], [200, "application/json"]);
  const readable = Object.entries(consumer.description.properties as Record<string, object>)
    .filter(([, property]) => Reflect.get(property, "writeOnly") !== true)
    .map(([name]) => name);
  assert.deepEqual(Object.keys(JSON.parse(text)).sort(), readable.sort());
  assert.deepEqual(JSON.parse(text), {
    level: 0,
    label: "x",
    hours: 2.5,
    fuse: 1,
    live_frame: null,
  });
});

test(
  "several properties are written with 204, and none when one of them is bad",
  options,
  async (t) => {
    const { consumer, lamp } = await consumerOf(t);
    const { status, text } = await consumer.writeMultiple({ level: 7, label: null });
    assert.deepEqual([status, text, lamp.level, lamp.label], [204, "", 7, null]);
    assertProblem(await consumer.writeMultiple({ level: 8, label: 9 }));
    assertProblem(await consumer.writeMultiple({ level: 8, hours: 9 }));
    assertProblem(await consumer.writeMultiple({ level: 8, nope: 9 }));
    assert.equal(lamp.level, 7);
  },
);

test(
  "a synchronous action answers with its output and 200, or with nothing and 204",
  options,
  async (t) => {
    const { consumer } = await consumerOf(t);
    const sum = await consumer.invoke("add", { a: 1, b: -1 });
    assert.deepEqual(
      [sum.status, sum.headers["content-type"], sum.text],
      [200, "application/json", "0"],
    );
    const blinked = await consumer.invoke("blink");
    assert.deepEqual([blinked.status, blinked.text], [204, ""]);
    assert.equal(blinked.headers["content-type"], undefined);
    assertProblem(await consumer.invoke("add", { a: "one", b: 1 }), 422);
    assertProblem(await consumer.invoke("add"), 422);
    for (const op of ["queryaction", "cancelaction"]) {
      assert.throws(() => consumer.urlFor(op, ["actions", "add"]), /no form/);
    }
  },
);

test("null is a value, and not no input", options, async (t) => {
  const { consumer } = await consumerOf(t);
  assert.equal((await consumer.invoke("isNull", null)).text, "true");
  assert.equal((await consumer.invoke("isNull", { depth: 1 })).text, "false");
  assertProblem(await consumer.invoke("add", null), 422);
});

test(
  "an asynchronous action answers with 201, a Location, and its status at the same URL",
  options,
  async (t) => {
    const { consumer } = await consumerOf(t);
    const invoked = await consumer.invoke("fade");
    assert.deepEqual([invoked.status, invoked.headers["content-type"]], [201, "application/json"]);
    const told = JSON.parse(invoked.text);
    assert.equal(told.href, invoked.headers.location);
    assert.ok(PROFILE_WORDS.has(told.status), told.status);
    assert.match(told.timeRequested, /T.*Z$/);
    const asked = await consumer.query(told.href);
    assert.deepEqual([asked.status, asked.headers["content-type"]], [200, "application/json"]);
    const cancelled = await consumer.cancel(told.href);
    assert.deepEqual([cancelled.status, cancelled.text], [204, ""]);
    const after = await consumer.ended(told.href);
    assert.equal(after.status, "failed");
    assert.match(String(after.timeEnded), /T.*Z$/);
    assertProblem(await consumer.cancel(told.href));
  },
);

test("a failed action is told with 200, the word 'failed' and its problem", options, async (t) => {
  const { consumer } = await consumerOf(t);
  const told = await consumer.ended((await invokedAt(consumer, "fail")).href);
  assert.equal(told.status, "failed");
  assert.equal(Object.hasOwn(told, "output"), false);
  const { detail, title, instance } = told.error as Record<string, unknown>;
  assert.deepEqual([detail, title, instance], ["out of film", "RangeError", undefined]);
});

test(
  "the output of a completed action fits its schema, also when it is 0, false, empty or null",
  options,
  async (t) => {
    const { consumer } = await consumerOf(t);
    for (const [name, output] of [
      ["zero", 0],
      ["no", false],
      ["empty", ""],
      ["nothing", null],
    ] as const) {
      const told = await consumer.ended((await invokedAt(consumer, name)).href);
      assert.deepEqual(
        [told.status, told.output, Object.hasOwn(told, "output")],
        ["completed", output, true],
      );
      assert.equal(Object.hasOwn(told, "error"), false);
    }
  },
);

test("the invocations of all actions are told at once, newest first", options, async (t) => {
  const { consumer } = await consumerOf(t);
  const first = await invokedAt(consumer, "zero");
  await consumer.ended(first.href);
  const second = await invokedAt(consumer, "zero");
  const { status, text } = await consumer.queryAll();
  const told = JSON.parse(text) as Record<string, { href: string; status: string }[]>;
  assert.equal(status, 200);
  assert.deepEqual(
    told.zero?.map(({ href }) => href),
    [second.href, first.href],
  );
  assert.deepEqual(told.fade, []);
  for (const of of Object.values(told).flat()) assert.ok(PROFILE_WORDS.has(of.status), of.status);
});

test("an action that is one too many is answered with 503", options, async (t) => {
  const { consumer, host } = await consumerOf(t);
  const running = [];
  for (let n = 0; n < 3; n++) running.push(await invokedAt(consumer, "shine"));
  for (const name of ["shine", "blink"]) assertProblem(await consumer.invoke(name), 503);
  for (const { href } of running) await consumer.cancel(href);
  await Promise.all(host.invocations.list().map(({ ended }) => ended));
  assert.equal((await consumer.invoke("blink")).status, 204);
});

test(
  "HEAD is answered wherever GET is; a wrong method is a problem with 'Allow'; 300 is never answered",
  options,
  async (t) => {
    const { server, consumer } = await consumerOf(t);
    const { href } = await invokedAt(consumer, "zero");
    const id = href.split("/").at(-1)!;
    for (const { method, path } of server.routes) {
      if (method !== "GET" || path.includes("/live") || path.endsWith("/ws")) continue;
      const url = new URL(path.replace(":id", id), String(consumer.description.base));
      const { status, text } = await send(url, "HEAD", {});
      assert.ok(status < 500 && status !== 300, `HEAD ${path} is answered with ${status}`);
      assert.equal(text, "", path);
      const wrong = await send(url, "PATCH", {});
      assertProblem(wrong, 405);
      assert.match(String(wrong.headers.allow), /\bGET\b.*\bHEAD\b/, path);
    }
  },
);

async function invokedAt(consumer: ProfileConsumer, name: string): Promise<{ href: string }> {
  const { status, text } = await consumer.invoke(name);
  assert.equal(status, 201, text);
  return JSON.parse(text);
}
