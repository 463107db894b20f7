import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  action,
  delay,
  type Invocation,
  property,
  setting,
  slot,
  Thing,
  ThingError,
  ThingHost,
} from "thingscope";
import { Type } from "typebox";
import { within } from "../../src/base/abort.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

class Lamp extends Thing {
  #level = 0;
  opened = 0;
  @property("Power", Type.Number({ minimum: 0, maximum: 10 })) accessor power = 1;
  @setting("Name on the label", Type.String()) accessor label = "lamp";
  @property("Level", Type.Integer()) get level(): number {
    return this.#level;
  }
  set level(value: number) {
    this.#level = value;
  }
  @property("Broken on purpose", Type.Integer()) get broken(): number {
    return 0.5;
  }
  @action("Blink", {
    input: Type.Object({ times: Type.Integer({ default: 3 }), ms: Type.Optional(Type.Integer()) }),
    output: Type.Integer(),
  })
  async blink({ times, ms = 1 }: { times: number; ms?: number }, run: Invocation): Promise<number> {
    this.log.info("blinking");
    for (let n = 0; n < times; n++) {
      await delay(ms, run.signal);
      run.progress((n + 1) / times, `blink ${n + 1}`);
    }
    return times;
  }
  @action("Fail") async fail(): Promise<void> {
    throw new Error("The bulb is gone.");
  }
  override open(): void {
    this.opened += 1;
  }
}

class Panel extends Thing {
  @slot("The lamp", Lamp) accessor lamp!: Lamp;
  @action("Blink twice", { output: Type.Integer() }) async twice(
    _: Record<string, never>,
    run: Invocation,
  ): Promise<number> {
    return this.lamp.blink({ times: 2 }, run);
  }
}

async function hostOf(things: Record<string, Thing>, options = {}): Promise<ThingHost> {
  const host = new ThingHost({
    settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")),
    ...options,
  });
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  await host.open();
  return host;
}

test("a property is validated, observed and reset", async () => {
  const host = await hostOf({ lamp: new Lamp() });
  const lamp = host.get("lamp");
  const seen: unknown[] = [];
  lamp.onChange((name, value) => seen.push([name, value]));
  await lamp.writeProperty("power", 5);
  await assert.rejects(lamp.writeProperty("power", 50), {
    code: "INVALID_INPUT",
    message:
      "Property 'power' of Thing 'lamp' was not set: it should be less than or equal to 10, but is 50.",
  });
  await lamp.resetProperty("power");
  assert.equal(await lamp.readProperty("power"), 1);
  assert.deepEqual(seen, [
    ["power", 5],
    ["power", 1],
  ]);
  await assert.rejects(lamp.readProperty("broken"), { code: "INVALID_OUTPUT" });
  await assert.rejects(lamp.writeProperty("broken", 1), { code: "READ_ONLY" });
  await assert.rejects(lamp.readProperty("pwr"), {
    code: "UNKNOWN_AFFORDANCE",
    message: /It has: broken, label, level, power\./,
  });
  await lamp.writeProperty("level", 7);
  assert.equal(await lamp.readProperty("level"), 7);
});

test("an action fills defaults, reports progress and keeps its log", {
  timeout: TEST_MS,
}, async () => {
  const host = await hostOf({ lamp: new Lamp() });
  const record = host.get("lamp").invoke("blink", {});
  await record.ended;
  assert.equal(record.status, "completed");
  assert.deepEqual(
    [record.input, record.output, record.progress],
    [{ times: 3 }, 3, { fraction: 1, message: "blink 3" }],
  );
  assert.deepEqual(
    record.log.map(({ message }) => message),
    ["blinking"],
  );
});

test("bad arguments are named one by one and nothing runs", async () => {
  const host = await hostOf({ lamp: new Lamp() });
  assert.throws(
    () => host.get("lamp").invoke("blink", { times: "x", speed: 1 }),
    (error: Error & { faults: { loc: unknown; type: string }[] }) => {
      assert.match(error.message, /'speed' is not known\W.* It takes: times, ms\.$/);
      assert.match(error.message, /'times' should be an integer, but is 'x'/);
      assert.deepEqual(error.faults.map(({ type }) => type).sort(), [
        "extra_forbidden",
        "integer_parsing".replace("integer", "int"),
      ]);
      return true;
    },
  );
  assert.equal(host.invocations.list().length, 0);
});

test("a cancelled action ends as cancelled, a failed one keeps its error", {
  timeout: TEST_MS,
}, async () => {
  const host = await hostOf({ lamp: new Lamp() });
  const running = host.get("lamp").invoke("blink", { times: 1, ms: 60_000 });
  running.cancel();
  await running.ended;
  assert.equal(running.status, "cancelled");
  assert.throws(() => running.cancel(), { code: "NOT_CANCELLABLE" });
  const failed = host.get("lamp").invoke("fail", {});
  await failed.ended;
  assert.deepEqual([failed.status, failed.error?.message], ["error", "The bulb is gone."]);
});

test("an action that another calls shares its log and its cancellation", {
  timeout: TEST_MS,
}, async () => {
  const host = await hostOf({ lamp: new Lamp(), panel: new Panel() });
  const record = host.get("panel").invoke("twice", undefined);
  await record.ended;
  assert.equal(record.output, 2);
  assert.deepEqual(
    record.log.map(({ message }) => message),
    ["blinking"],
  );
});

test("an invocation is forgotten after its retention, not at the next call", {
  timeout: TEST_MS,
}, async () => {
  class Brief extends Thing {
    @action("Brief", { retentionSeconds: 0.02 }) async brief(): Promise<void> {}
  }
  const host = await hostOf({ brief: new Brief() });
  const record = host.get("brief").invoke("brief", {});
  const forgotten = new Promise((resolve) => host.invocations.onForget(resolve));
  assert.equal(
    await within(forgotten, WAIT_MS, () => new ThingError("INTERNAL", "It is still kept.")),
    record,
  );
  assert.throws(() => host.invocations.get(record.id), { code: "NOT_FOUND" });
});

test("settings survive a restart, unknown ones are kept, a broken file is set aside", async () => {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const file = join(settingsFolder, "lamp", "Settings-Lamp.json");
  const first = await hostOf({ lamp: new Lamp() }, { settingsFolder });
  await first.get("lamp").writeProperty("label", "north");
  await first.close();
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), future: 1 }));
  const second = await hostOf({ lamp: new Lamp() }, { settingsFolder });
  assert.equal(await second.get("lamp").readProperty("label"), "north");
  await second.get("lamp").writeProperty("label", "south");
  await second.close();
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { future: 1, label: "south" });
  await writeFile(file, '{"label": "no');
  const third = await hostOf({ lamp: new Lamp() }, { settingsFolder });
  assert.equal(await third.get("lamp").readProperty("label"), "lamp");
  await third.close();
  const files = await readdir(join(settingsFolder, "lamp"));
  assert.ok(
    files.some((name) => name.startsWith("Settings-Lamp.json.broken-")),
    files.join(),
  );
});

test("one Thing that cannot open is listed with its reason and stops no other", async () => {
  class Broken extends Thing {
    tries = 0;
    override open(): void {
      this.tries += 1;
      if (this.tries === 1) throw new Error("The cable is out.");
    }
    @action("Go") async go(): Promise<void> {}
  }
  const host = await hostOf({ broken: new Broken(), lamp: new Lamp() });
  assert.deepEqual(
    [host.get("broken").state, host.get("broken").reason, host.get("lamp").state],
    ["failed", "The cable is out.", "open"],
  );
  assert.throws(() => host.get("broken").invoke("go", {}), {
    code: "NOT_READY",
    message: /The cable is out/,
  });
  assert.equal((await host.openThing("broken")).state, "open");
});

test("a slot that fits no Thing, or several, fails with the way out", async () => {
  const host = await hostOf({ a: new Lamp(), b: new Lamp(), panel: new Panel() });
  assert.match(
    host.get("panel").reason ?? "",
    /Slot 'lamp' of Thing 'panel' could be any of a, b\. Name one in the configuration: things\.panel\.thing_slots\.lamp\.$/,
  );
  const none = await hostOf({ panel: new Panel() });
  assert.match(none.get("panel").reason ?? "", /needs a Lamp, but has none\. Add one/);
});

test("the global lock lets an action call another and refuses a second one", {
  timeout: TEST_MS,
}, async () => {
  const host = await hostOf({ lamp: new Lamp(), panel: new Panel() }, { enableGlobalLock: true });
  const long = host.get("lamp").invoke("blink", { times: 1, ms: 60_000 });
  const refused = host.get("panel").invoke("twice", {});
  await refused.ended;
  assert.deepEqual(
    [refused.status, (refused.error as { code?: string }).code, refused.timeStarted],
    ["error", "LOCK_BUSY", undefined],
  );
  await assert.rejects(host.get("lamp").writeProperty("power", 2), { code: "LOCK_BUSY" });
  long.cancel();
  await long.ended;
  const nested = host.get("panel").invoke("twice", {});
  await nested.ended;
  assert.equal(nested.status, "completed");
});

test("a class in plain JavaScript lists its affordances", async () => {
  class Plain extends Thing {
    static override readonly affordances = [
      {
        kind: "property",
        name: "depth",
        member: "depth",
        description: "How deep",
        schema: Type.Number(),
        saved: false,
        readOnly: false,
        observable: true,
        resettable: false,
        useGlobalLock: true,
      },
      {
        kind: "slot",
        name: "lamp",
        member: "lamp",
        description: "The lamp",
        type: Lamp,
        optional: false,
        many: false,
      },
    ] as const;
    depth = 3;
  }
  const host = await hostOf({ plain: new Plain(), lamp: new Lamp() });
  const seen: unknown[] = [];
  host.get("plain").onChange((_, value) => seen.push(value));
  await host.get("plain").writeProperty("depth", 4);
  assert.deepEqual(seen, [4]);
  assert.equal(host.get("plain").state, "open", host.get("plain").reason);
});
