import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  action,
  event,
  type Invocation,
  property,
  setting,
  slot,
  Thing,
  ThingEvent,
} from "thingscope";
import { FaultyCamera, openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";

class Lamp extends Thing {
  closed = false;
  readonly #colour: string;
  @setting("How bright it is", Type.Integer({ minimum: 0, maximum: 10 })) accessor power = 3;
  @event("It was lit", Type.Object({ power: Type.Integer() }))
  readonly lit = new ThingEvent<{ power: number }>();
  @property("What it was made with", Type.String()) get colour(): string {
    return this.#colour;
  }
  @slot("Who looks at it", FaultyCamera, { optional: true })
  accessor camera: FaultyCamera | undefined;

  constructor({ colour = "white" }: { colour?: string } = {}) {
    super();
    this.#colour = colour;
  }

  override close(): void {
    this.closed = true;
  }

  @action("Light it", { input: Type.Object({ power: Type.Integer() }), output: Type.Integer() })
  async light({ power }: { power: number }, { log }: Invocation): Promise<number> {
    this.power = power;
    log.info(`lit with ${power}`);
    this.lit.emit({ power });
    return power;
  }
}

class Broken extends Thing {
  override open(): void {
    throw new Error("The fuse has blown.");
  }
}

const timeout = TEST_MS;

test("a Thing is opened in a server of its own, and a client operates it", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Lamp, {
    kwargs: { colour: "red" },
    settings: { power: 7 },
  });
  const lamp = await bench.client();
  assert.deepEqual([await lamp.read("power"), await lamp.read("colour")], [7, "red"]);
  const lit = bench.nextEvent("lit", { where: (data) => Object(data).power === 9 });
  assert.equal(await lamp.invoke("light", { power: 9 }), 9);
  assert.deepEqual(await lit, { power: 9 });
  assert.equal(await bench.untilProperty("power", (power) => power === 9), 9);
  assert.equal((await fetch(`${bench.url}power`)).status, 200);
  assert.equal((await bench.log.line(/lit with \d/)).message, "thing: lit with 9");
  bench.log.assertQuiet();
  await lamp.write("power", 2);
  assert.deepEqual(await bench.savedSettings(), { power: 2 });
});

test("closing leaves no server, no open Thing and no file behind", { timeout }, async () => {
  const bench = await openTestHost(Lamp);
  const { thing, settingsFolder, url } = bench;
  assert.ok(existsSync(settingsFolder));
  await bench.close();
  assert.ok(thing.closed);
  assert.ok(!existsSync(settingsFolder));
  await assert.rejects(fetch(url), /fetch failed/);
});

test("slots are filled with the Things that are given, which are opened, too", {
  timeout,
}, async () => {
  const camera = new FaultyCamera();
  await using bench = await openTestHost(Lamp, { slots: { camera }, name: "lamp" });
  assert.equal(bench.thing.camera, camera);
  assert.equal(bench.host.get("camera").state, "open");
  const frames = (await bench.client("camera")).frames("mjpeg_stream");
  for await (const { jpeg } of frames) {
    assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
    break;
  }
});

test("a Thing that cannot open is refused with its reason, unless it may fail", {
  timeout,
}, async () => {
  await assert.rejects(openTestHost(Broken), {
    code: "NOT_READY",
    message: "Broken did not open: The fuse has blown.",
  });
  await using bench = await openTestHost(Broken, { mayFail: true });
  assert.deepEqual([bench.hosted.state, bench.hosted.reason], ["failed", "The fuse has blown."]);
  assert.throws(() => bench.log.assertQuiet(), /could not open: The fuse has blown/);
});

test("waiting for what does not come ends with a sentence that says what there was", {
  timeout,
}, async () => {
  await using bench = await openTestHost(Lamp);
  const withinMs = 30;
  await assert.rejects(bench.nextEvent("lit", { withinMs }), /'lit' was not emitted within 30 ms/);
  await assert.rejects(
    bench.untilProperty("power", (power) => power === 5, { withinMs }),
    /'power' was not as expected within 30 ms: 3/,
  );
  await assert.rejects(
    bench.untilProperty("powr", () => true),
    { code: "UNKNOWN_AFFORDANCE" },
  );
  await assert.rejects(bench.log.line(/fire/, { withinMs }), /No line of the log matched \/fire\//);
});
