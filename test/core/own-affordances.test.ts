// What a Thing adds to its class while it runs: described, read, written, saved and taken away again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { action, property, setting, Thing, ThingHost } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { Instrument } from "./gain-device.ts";

const timeout = TEST_MS;
const schema = Type.Number();
const read = () => 1;

test("a property that a Thing adds is read from its device, and a write is over when the device has it", {
  timeout,
}, async () => {
  await using opened = await openTestHost(Instrument);
  const { hosted, thing } = opened;
  assert.equal(await hosted.readProperty("gain"), 1);
  await hosted.writeProperty("gain", 7);
  assert.deepEqual(thing.device.asked.slice(0, 3), ["get gain", "set gain 7", "has gain 7"]);
  await assert.rejects(hosted.writeProperty("gain", 50), {
    code: "INVALID_INPUT",
    message: /Property 'gain' .* The device takes 10 at most in this mode\./,
  });
  await assert.rejects(hosted.writeProperty("gain", 101), { code: "INVALID_INPUT" });
  assert.equal(await hosted.readProperty("gain"), 7);
  await hosted.resetProperty("gain");
  assert.equal(await hosted.readProperty("gain"), 1);
});

test("names are those that a decorator would take, and no one's else", { timeout }, () => {
  class Sample extends Thing {
    @property("Gain", Type.Number()) accessor gain = 1;
    @action("Go") go(): void {}
  }
  const thing = new Sample();
  const added = (name: string) => () => thing.addProperty({ name, title: "Title", schema, read });
  assert.throws(added("gain"), {
    code: "BAD_ARGUMENT",
    message:
      "Sample has two affordances that need the name 'gain': the property 'gain' and the property 'gain'. Rename one.",
  });
  assert.throws(added("go"), /the property 'go' and the action 'go'/);
  for (const name of [
    "with space",
    "ws",
    "properties",
    "dropped",
    "__proto__",
    "",
    "x".repeat(201),
  ])
    assert.throws(added(name), { code: "BAD_ARGUMENT" }, name);
  added("open")(); // it is no member
  assert.throws(() => thing.addAction({ name: "open", title: "Open", run() {} }), {
    message: "Sample: It has added the property 'open' before. Rename the action.",
  });
  assert.throws(
    () =>
      thing.addProperty({ name: "a", title: "A", schema: undefined as never, read: read as never }),
    {
      code: "BAD_ARGUMENT",
    },
  );
  assert.throws(() => thing.addProperty({ name: "a", title: "A", schema, read, withinMs: 0 }), {
    message: /withinMs that is not a number from 1 to 600000/,
  });
  assert.throws(
    () =>
      thing.addProperty({ name: "a", title: "A", schema, read, write() {}, initial: "1" as never }),
    { code: "INVALID_INPUT" },
  );
  assert.throws(() => thing.removeProperty("gain"), { code: "UNKNOWN_AFFORDANCE" });
});

test("a Thing adds a thousand affordances and no more", { timeout }, () => {
  class Sample extends Thing {}
  const thing = new Sample();
  for (let n = 0; n < 1000; n++) thing.addProperty({ name: `p${n}`, title: "P", schema, read });
  thing.addProperty({ name: "p7", title: "P, again", schema, read });
  const more = () => thing.addEvent({ name: "more", title: "More", schema });
  assert.throws(more, /has added 1000 affordances already, which is the limit/);
  thing.removeProperty("p0");
  more();
});

test("actions and events that a Thing adds are run, refused and told as others", {
  timeout,
}, async () => {
  class Sample extends Thing {
    readonly done = this.addEvent({ name: "done", title: "Done", schema: Type.Integer() });
    override open(): void {
      this.addAction({
        ...{ name: "double", title: "Double", output: Type.Number() },
        input: Type.Object({ x: Type.Number() }),
        run: ({ x }) => {
          this.done.emit(x);
          return 2 * x;
        },
      });
    }
  }
  await using opened = await openTestHost(Sample);
  const { hosted, thing } = opened;
  const heard: unknown[] = [];
  const faults: unknown[] = [];
  hosted.onEvent("done", (data) => heard.push(data));
  hosted.onEventFault("done", ({ code }) => faults.push(code));
  const record = hosted.invoke("double", { x: 4 });
  await record.ended;
  assert.deepEqual([record.output, record.status], [8, "completed"]);
  assert.throws(() => hosted.invoke("double", { y: 4 }), { code: "INVALID_INPUT" });
  assert.equal(thing.addEvent({ name: "done", title: "Done", schema: Type.Number() }), thing.done);
  thing.done.emit(1.5);
  assert.deepEqual([heard, faults], [[4, 1.5], []]);
  thing.removeEvent("done");
  const again = thing.addEvent({ name: "done", title: "Done", schema: Type.Number() });
  again.emit(2);
  thing.done.emit(3);
  assert.deepEqual(heard, [4, 1.5, 2], "whoever followed it follows the one that came instead");
  thing.removeAction("double");
  assert.throws(() => hosted.invoke("double", { x: 4 }), { code: "UNKNOWN_AFFORDANCE" });
});

test("while it is disconnected it has what it had, and when it opens what it adds again", {
  timeout,
}, async () => {
  await using opened = await openTestHost(Instrument, {
    host: { reopenAfterMs: [1, 1] },
  });
  const { hosted, thing, host } = opened;
  thing.addProperty({ name: "later", title: "Later", schema, read });
  const changes: unknown[] = [];
  host.onModel(({ name }, { what }) => changes.push([name, what]));
  const before = hosted.model;
  const reopened = new Promise<void>((resolve) =>
    host.onState(({ state }) => state === "open" && resolve()),
  );
  thing.context.disconnected("The cable is out.");
  assert.deepEqual([...hosted.model.properties.keys()], ["gain", "offset", "later"]);
  await assert.rejects(hosted.readProperty("gain"), {
    code: "NOT_READY",
    message: /is disconnected: The cable is out\./,
  });
  await reopened;
  assert.deepEqual([...hosted.model.properties.keys()], ["gain", "offset"]);
  assert.deepEqual(changes, [["thing", "affordances"]], "only what has gone is a change");
  changes.length = 0;
  assert.notEqual(hosted.model, before);
  thing.addControl("gain");
  assert.deepEqual(changes, [], "the same again is none");
  thing.schema = Type.Number({ minimum: 0, maximum: 5 });
  thing.addControl("gain");
  assert.deepEqual(changes, [["thing", "limits"]]);
});

test("what a constructor adds stays, whatever open adds", { timeout }, async () => {
  class Sample extends Thing {
    constructor() {
      super();
      this.addProperty({ name: "always", title: "Always", schema, read });
    }
  }
  await using opened = await openTestHost(Sample);
  await opened.host.close();
  await opened.host.open();
  assert.equal(await opened.hosted.readProperty("always"), 1);
});

test("limits of a decorated property move for one instance, and its type does not", {
  timeout,
}, async () => {
  class Sample extends Thing {
    @setting("Gain", Type.Number({ maximum: 10 })) accessor gain = 1;
    @property("Mode", Type.Enum(["a", "b"])) accessor mode: "a" | "b" = "a";
  }
  const host = new ThingHost();
  const [one, other] = [new Sample(), new Sample()];
  const [hosted, unmoved] = [host.add("one", one), host.add("other", other)];
  await host.open();
  one.changeSchema("gain", Type.Number({ maximum: 20 }));
  one.changeSchema("mode", Type.Enum(["a", "c"]));
  await hosted.writeProperty("gain", 15);
  one.gain = 18;
  await hosted.writeProperty("mode", "c");
  assert.throws(() => {
    one.gain = 25;
  }, /less than or equal to 20/);
  await assert.rejects(hosted.writeProperty("gain", 25), { code: "INVALID_INPUT" });
  await assert.rejects(unmoved.writeProperty("gain", 15), { code: "INVALID_INPUT" });
  await assert.rejects(unmoved.writeProperty("mode", "c"), { code: "INVALID_INPUT" });
  assert.throws(() => one.changeSchema("gain", Type.String()), {
    code: "BAD_ARGUMENT",
    message: /cannot change its type from number to string/,
  });
  assert.throws(() => one.changeSchema("none", Type.String()), { code: "UNKNOWN_AFFORDANCE" });
  assert.throws(() => one.changeSchema("gain", Type.Number({ minimum: 2, maximum: 1 })), {
    code: "BAD_ARGUMENT",
  });
  await host.close();
});
