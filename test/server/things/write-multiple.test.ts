import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";
import { litRoom } from "../../conformance/lamp.ts";
import { TEST_MS } from "../../limits.ts";
import { ask } from "../requests.ts";

const options = { timeout: TEST_MS };
const json = { "Content-Type": "application/json" };

test(
  "what was set is restored when a later property refuses its value, and the answer says so",
  options,
  async (t) => {
    const { lamp, host, port } = await litRoom(t);
    const heard: unknown[] = [];
    host.get("lamp").onChange((name, value) => heard.push([name, value]));
    lamp.fuseIsBurnt = true;
    const body = JSON.stringify({ level: 5, label: "y", fuse: 3 });
    const { status, text } = await ask(port, {
      method: "PUT",
      path: "/lamp/properties",
      headers: json,
      body,
    });
    assert.equal(status, 500);
    assert.equal(
      JSON.parse(text).detail,
      "Property 'fuse' of Thing 'lamp' could not be set: The fuse is burnt. Restored: label, level.",
    );
    assert.deepEqual([lamp.level, lamp.label, lamp.fuse], [0, "x", 1]);
    assert.deepEqual(heard, [
      ["level", 5],
      ["label", "y"],
      ["label", "x"],
      ["level", 0],
    ]);
  },
);

test("what cannot be restored is named", options, async (t) => {
  const { lamp, port } = await litRoom(t);
  const body = JSON.stringify({ fuse: 3, level: 5, label: "y" });
  lamp.changed = (name) => {
    if (name === "label") {
      lamp.fuseIsBurnt = true;
      throw new Error("The label is glued on.");
    }
    Object.getPrototypeOf(lamp).changed.call(lamp, name);
  };
  const { text } = await ask(port, {
    method: "PUT",
    path: "/lamp/properties",
    headers: json,
    body,
  });
  assert.equal(
    JSON.parse(text).detail,
    "Property 'label' of Thing 'lamp' could not be set: The label is glued on. Restored: level. Could not be restored: 'label' (The label is glued on.), 'fuse' (The fuse is burnt.).",
  );
});

test("every fault of every value is told before anything is set", options, async (t) => {
  const { lamp, port } = await litRoom(t);
  const body = JSON.stringify({ label: "y", level: 101, fuse: "big", hours: 1 });
  const { status, text } = await ask(port, {
    method: "PUT",
    path: "/lamp/properties",
    headers: json,
    body,
  });
  const problem = JSON.parse(text);
  assert.equal(status, 422);
  assert.deepEqual(
    problem.errors.map(({ loc }: { loc: string[] }) => loc[1]),
    ["level", "fuse", "hours"],
  );
  assert.match(
    problem.detail,
    /^No property of Thing 'lamp' was set: 'level' .*'hours' is read-only\.$/,
  );
  assert.equal(lamp.label, "x");
  for (const wrong of ["[]", "null", "5"]) {
    const { status } = await ask(port, {
      method: "PUT",
      path: "/lamp/properties",
      headers: json,
      body: wrong,
    });
    assert.equal(status, 422, wrong);
  }
});

test("some properties are read by their names, in either way of a query", options, async (t) => {
  const { port } = await litRoom(t);
  for (const query of [
    "propertyNames=level,label",
    "propertyNames=level&propertyNames=label",
    "propertyNames=level%2Clabel",
  ]) {
    const { text } = await ask(port, { path: `/lamp/properties?${query}` });
    assert.equal(text, '{"level":0,"label":"x"}');
  }
  assert.equal((await ask(port, { path: "/lamp/properties?propertyNames=nope" })).status, 404);
  assert.equal((await ask(port, { path: "/lamp/properties?propertyNames=" })).status, 400);
});

test("a synchronous action is cancelled when its client goes away", options, async (t) => {
  const { lamp, host, port } = await litRoom(t);
  const sent = request({ port, host: "127.0.0.1", method: "POST", path: "/lamp/wait" }).end();
  sent.on("error", () => {});
  while (!lamp.waiting) await new Promise((resolve) => setImmediate(resolve));
  const [run] = host.invocations.list({ thing: "lamp", action: "wait" });
  sent.destroy();
  await run?.ended;
  assert.deepEqual([run?.status, lamp.waiting], ["cancelled", false]);
});

test(
  "a synchronous action that finds the lock taken is answered with 409, one that is cancelled with 500",
  options,
  async (t) => {
    const { lamp, host, port } = await litRoom(t);
    const waiting = ask(port, { method: "POST", path: "/lamp/wait" });
    while (!lamp.waiting) await new Promise((resolve) => setImmediate(resolve));
    const busy = await ask(port, { method: "POST", path: "/lamp/blink" });
    const { code, detail } = JSON.parse(busy.text);
    assert.deepEqual([busy.status, code], [409, "LOCK_BUSY"]);
    assert.match(
      detail,
      /: action 'wait' of Thing 'lamp' holds it, so action 'blink' of Thing 'lamp' was refused\./,
    );
    host.invocations.list({ action: "wait" })[0]?.cancel();
    const cancelled = await waiting;
    assert.deepEqual(
      [cancelled.status, JSON.parse(cancelled.text).code],
      [500, "ACTION_CANCELLED"],
    );
  },
);
