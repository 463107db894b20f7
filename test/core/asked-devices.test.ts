// Properties that ask their device: saved values, turns, limits of time, signals.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { property, setting, Thing } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { patience, TEST_MS } from "../limits.ts";
import { Instrument, never } from "./gain-device.ts";

const timeout = TEST_MS;

test("saved values are written to the device when it opens, and kept while it is another one", {
  timeout,
}, async () => {
  const settings = { gain: 5, offset: 99, other: 3 };
  await using opened = await openTestHost(Instrument, { settings });
  const { thing, hosted, log } = opened;
  assert.deepEqual([...thing.device.values.values()], [5, 0]);
  assert.ok(
    log.lines.some(({ message }) =>
      /'offset'.* The device takes 10 at most.* The saved value stays in .* until the setting is set/.test(
        message,
      ),
    ),
    JSON.stringify(log.lines),
  );
  await hosted.writeProperty("gain", 6);
  assert.deepEqual(await opened.savedSettings(), { gain: 6, offset: 99, other: 3 });
  thing.device.values.set("other", 0);
  thing.addControl("other");
  while (thing.device.values.get("other") !== 3) await new Promise((next) => setImmediate(next));
  thing.removeProperty("gain");
  await hosted.writeProperty("offset", 2);
  assert.deepEqual(await opened.savedSettings(), { gain: 6, offset: 2, other: 3 });
  thing.device.asked.length = 0;
  await opened.host.close();
  thing.device.values.clear();
  await opened.host.open();
  assert.deepEqual(
    [...thing.device.values],
    [
      ["gain", 6],
      ["offset", 2],
    ],
  );
});

test("a saved value that fits only the limits of this instance is set once they have moved, and another stays in the file", {
  timeout,
}, async () => {
  class Sample extends Thing {
    most = 20;
    @setting("Gain", Type.Number({ maximum: 10 })) accessor gain = 1;
    @setting("Name", Type.String()) accessor label = "a";
    override open(): void {
      this.changeSchema("gain", Type.Number({ maximum: this.most }));
    }
  }
  await using opened = await openTestHost(Sample, { settings: { gain: 15 } });
  const { thing, log, host } = opened;
  assert.deepEqual([thing.gain, log.of("error")], [15, []]);
  await host.close();
  thing.most = 12;
  await host.open();
  assert.equal(thing.gain, 15, "a file that nobody has edited is not applied again");
  await using narrow = await openTestHost(Sample, { settings: { gain: 25 } });
  assert.equal(narrow.thing.gain, 1);
  assert.match(
    String(narrow.log.lines[0]?.message),
    /'gain'.* 20, but is 25\. It keeps its default/,
  );
  await narrow.hosted.writeProperty("label", "b");
  assert.deepEqual(await narrow.savedSettings(), { gain: 25, label: "b" });
  await narrow.hosted.writeProperty("gain", 2);
  assert.deepEqual(await narrow.savedSettings(), { gain: 2, label: "b" });
});

test("writes to a property follow one another, and reads and writes end with their time, their client or the Thing", {
  timeout,
}, async () => {
  await using opened = await openTestHost(Instrument);
  const { hosted, thing } = opened;
  const { device } = thing;
  device.answer = () => new Promise((next) => setImmediate(next));
  await Promise.all([3, 2, 1].map((value) => hosted.writeProperty("gain", value)));
  assert.deepEqual(
    device.asked.filter((what) => /^(set|has) gain/.test(what)),
    [3, 2, 1].flatMap((value) => [`set gain ${value}`, `has gain ${value}`]),
  );
  device.answer = never;
  const gone = new AbortController();
  const reading = hosted.readProperty("gain", gone.signal);
  const left = new Error("The client has gone.");
  gone.abort(left);
  await assert.rejects(reading, left);
  thing.withinMs = 1;
  thing.addControl("offset");
  await assert.rejects(hosted.readProperty("offset"), {
    code: "NOT_READY",
    message: /Property 'offset' .* could not be read: It did not answer within 0\.001 s\./,
  });
  await assert.rejects(hosted.writeProperty("offset", 1), { code: "NOT_READY" });
  assert.deepEqual([device.aborted.length, hosted.faults.counts.get("gain")], [3, undefined]);
  const waiting = [hosted.writeProperty("gain", 1), hosted.writeProperty("gain", 2)];
  while (!device.asked.includes("set gain 1")) await new Promise((next) => setImmediate(next));
  device.asked.length = 0;
  thing.context.disconnected("The cable is out.");
  for (const result of await Promise.allSettled(waiting))
    assert.match(String(result.status === "rejected" && result.reason), /is disconnected/);
  assert.deepEqual(device.asked, [], "what waited does not begin");
});

test("a hundred writes wait for a device, and the next is refused", { timeout }, async () => {
  await using opened = await openTestHost(Instrument);
  const { hosted, thing } = opened;
  thing.device.answer = never;
  const writes = Array.from({ length: 101 }, () => hosted.writeProperty("gain", 1));
  const ended = Promise.allSettled(writes);
  await assert.rejects(hosted.writeProperty("gain", 1), {
    code: "TOO_BUSY",
    message: /100 writes wait for its device already/,
  });
  thing.context.disconnected("Over.");
  assert.ok((await ended).every(({ status }) => status === "rejected"));
});

test("what waits for its turn is looked at again when the limits have moved", {
  timeout,
}, async () => {
  await using opened = await openTestHost(Instrument);
  const { hosted, thing } = opened;
  const release = new EventTarget();
  thing.device.answer = async () => void (await once(release, "go", { signal: patience() }));
  const first = hosted.writeProperty("gain", 1);
  const second = hosted.writeProperty("gain", 9);
  await new Promise((next) => setImmediate(next));
  thing.changeSchema("gain", Type.Number({ minimum: 0, maximum: 5 }));
  thing.device.answer = async () => {};
  release.dispatchEvent(new Event("go"));
  const refused = assert.rejects(second, {
    code: "INVALID_INPUT",
    message: /less than or equal to 5/,
  });
  await first;
  await refused;
});

test("get and set of a decorator name methods that are given a signal and their time", {
  timeout,
}, async () => {
  class Sample extends Thing {
    held = 1;
    ask: (signal: AbortSignal) => Promise<void> = async () => {};
    @property("Gain", Type.Number(), {
      get: "readGain",
      set: "setGain",
      withinMs: 20,
      types: ["a", "b"],
    })
    get gain(): number {
      return -1;
    }
    async readGain(signal: AbortSignal): Promise<number> {
      await this.ask(signal);
      return this.held;
    }
    async setGain(value: number, signal: AbortSignal): Promise<void> {
      await this.ask(signal);
      this.held = value;
    }
  }
  await using opened = await openTestHost(Sample);
  const { hosted, thing } = opened;
  await hosted.writeProperty("gain", 3);
  assert.equal(await hosted.readProperty("gain"), 3);
  thing.ask = never;
  await assert.rejects(hosted.readProperty("gain"), /did not answer within 0\.02 s/);
  await assert.rejects(hosted.writeProperty("gain", 4), /did not answer within 0\.02 s/);
  assert.deepEqual(hosted.model.properties.get("gain")?.types, ["a", "b"]);
});

test("an answer that this process was kept from reading has come in time", {
  timeout,
}, async () => {
  class Quick extends Instrument {
    override withinMs = 2000;
  }
  await using opened = await openTestHost(Quick);
  const { thing, hosted } = opened;
  thing.device.answer = async () => void (await readFile(new URL(import.meta.url)));
  const read = hosted.readProperty("gain");
  while (!thing.device.asked.includes("get gain")) await Promise.resolve();
  for (const end = performance.now() + 2500; performance.now() < end; );
  assert.equal(await read, 1);
});
