// What of a write is on disk, and what of the disk is in a Thing.
import assert from "node:assert/strict";
import { mkdir, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setting, Thing } from "thingscope";
import { openTestHost } from "thingscope/testing";
import { Type } from "typebox";
import { healthOf } from "../../src/server/monitoring/health.ts";
import { TEST_MS } from "../limits.ts";
import { Amp, opened } from "./written-amp.ts";

const timeout = TEST_MS;

test("what JSON cannot hold is refused where it enters, and never saved as something else", {
  timeout,
}, async () => {
  const { host, amp, thing, saved, lines } = await opened();
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  for (const [value, why] of [
    [Number.NaN, /it is NaN/],
    [[1, Number.POSITIVE_INFINITY], /'1' is Infinity/],
    [new Map(), /it is a Map/],
    [circle, /'self' refers back/],
    [10n, /it is a bigint/],
  ] as const) {
    await assert.rejects(amp.writeProperty("note", value), { code: "INVALID_INPUT", message: why });
    await assert.rejects(amp.writeProperties({ note: value }), { code: "INVALID_INPUT" });
    assert.equal(thing.note, "none");
  }
  thing.note = Float32Array.of(0.5, 1);
  await amp.settings.idle();
  assert.deepEqual(
    [(await saved()).note, await amp.readProperty("note")],
    [
      [0.5, 1],
      [0.5, 1],
    ],
  );
  for (const [change, why] of [
    [() => ((thing.note as number[])[0] = Number.NaN), /\/0 is NaN/],
    [() => (thing.note = circle), /\/self refers back/],
    [() => (thing.note = new Map()), /it is a Map/],
  ] as const) {
    lines.length = 0;
    change();
    await amp.writeProperty("label", "saves all");
    assert.deepEqual((await saved()).note, [0.5, 1]);
    const said = lines.filter((line) => line.includes("last good value, because JSON cannot"));
    assert.match(said.join("\n"), why);
  }
  await host.close();
});

test("what could not be saved is saved once the disk takes it, though nobody writes any more", {
  timeout,
}, async () => {
  const { host, amp, thing, saved, file } = await opened();
  await amp.writeProperty("label", "before");
  const folder = dirname(file);
  await rename(folder, `${folder}-away`);
  await writeFile(folder, "no folder");
  const health = () => healthOf(host, { mean: 0, p99: 0, max: 0, starved: 0 });
  assert.equal(health().status, "ok");
  await assert.rejects(amp.writeProperty("label", "told"), { code: "NOT_SAVED" });
  thing.label = "soon";
  await amp.settings.idle();
  assert.match(
    health().reasons.join(),
    /^The settings of Thing 'amp' are not saved: Settings could not be saved in .*--settings\.$/,
  );
  await rm(folder);
  await rename(`${folder}-away`, folder);
  while ((await saved()).label !== "soon") await sleep(20);
  while (health().status !== "ok") await sleep(20);
  await host.close();
});

test("a setting whose setter is a method has its saved value after a restart", {
  timeout,
}, async () => {
  const first = await opened();
  await first.amp.writeProperty("depth", 5);
  await first.host.close();
  const second = await opened(new Amp(), first.settingsFolder);
  assert.equal(await second.amp.readProperty("depth"), 5);
  assert.deepEqual([second.heard, second.lines], [[["power", 2]], []]);
  await second.host.close();
});

test("observers hear what a Thing has from a file that was edited while it was disconnected", {
  timeout,
}, async () => {
  const { host, amp, thing, heard, file } = await opened();
  await amp.writeProperty("label", "left");
  await amp.writeProperty("depth", 5);
  heard.length = 0;
  thing.context.disconnected("The cable is out.");
  await writeFile(file, '{"label": "by hand", "depth": 6}');
  await host.openThing("amp");
  assert.deepEqual([thing.label, thing.depth], ["by hand", 6]);
  assert.deepEqual(
    heard.filter((one) => (one as string[])[0] !== "power"),
    [
      ["label", "by hand"],
      ["depth", 6],
    ],
  );
  await host.close();
});

test("a save that fails is logged once and told to who waits, and the next one is tried", {
  timeout,
}, async () => {
  const { host, amp, thing, lines, file, saved } = await opened();
  await mkdir(join(file, ".."), { recursive: true });
  await symlink("/dev/full", `${file}.new`); // where every write finds no space
  thing.limits = { low: 4 };
  await assert.rejects(amp.writeProperty("label", "lost"), { code: "NOT_SAVED" });
  assert.equal(lines.filter((line) => line.includes("could not be saved")).length, 1);
  await unlink(`${file}.new`);
  await amp.writeProperty("note", 1);
  assert.deepEqual(await saved(), { label: "lost", note: 1, limits: { low: 4 }, depth: 0 });
  await host.close();
});

test("a Thing that was replaced while the host runs writes no more into the file of the next one", {
  timeout,
}, async () => {
  const { host, amp, thing, lines, saved } = await opened();
  await amp.writeProperty("label", "kept");
  await host.exchange(["amp"], async () => void host.add("amp", new Amp()));
  thing.label = "of one that has gone"; // a timer that it did not clear
  await amp.settings.idle();
  await host.get("amp").writeProperty("note", 1);
  assert.deepEqual([(await saved()).label, lines], ["kept", []]);
  await host.close();
});

test("a value that was taken is on disk, though its device goes before it can be read back", {
  timeout,
}, async () => {
  class Probe extends Thing {
    readonly #held = { gain: 1, own: 1, depth: 1 };
    goes = () => {};
    #get(name: "gain" | "own" | "depth"): number {
      if (this.#held[name] > 1) throw new Error("The cable is out.");
      return this.#held[name];
    }
    #set(name: "gain" | "own" | "depth", value: number): void {
      this.#held[name] = value;
      this.goes();
    }
    @setting("Gain", Type.Number()) get gain(): number {
      return this.#get("gain");
    }
    set gain(value: number) {
      this.#set("gain", value);
    }
    @setting("Depth", Type.Number(), { get: "readDepth", set: "setDepth" }) get depth(): number {
      return 1;
    }
    readDepth = async () => this.#get("depth");
    setDepth = async (value: number) => this.#set("depth", value);
    override open(): void {
      this.addProperty({
        ...{ name: "own", title: "Own", schema: Type.Number(), saved: true, initial: 1 },
        read: async () => this.#get("own"),
        write: async (value) => this.#set("own", Number(value)),
      });
    }
  }
  for (const name of ["gain", "depth", "own"])
    for (const goes of [false, true]) {
      await using opened = await openTestHost(Probe);
      const { thing, hosted } = opened;
      const unplug = () => thing.context.disconnected("Unplugged.");
      if (goes) thing.goes = () => void setImmediate(unplug); // before the save has begun to read
      await hosted.writeProperty(name, 2);
      assert.equal((await opened.savedSettings())?.[name], 2, `${name}, which ${goes}`);
    }
});

test("a value that was written while an older one was read for the file is the one that is kept", {
  timeout,
}, async () => {
  let answer: (value: number) => void = () => {};
  class Probe extends Thing {
    override open(): void {
      this.addProperty({
        ...{ name: "own", title: "Own", schema: Type.Number(), saved: true, initial: 1 },
        read: () => new Promise<number>((resolve) => (answer = resolve)),
        write: async () => {},
      });
    }
  }
  await using opened = await openTestHost(Probe);
  const { thing, hosted } = opened;
  const first = hosted.writeProperty("own", 2);
  const reading = answer;
  while (answer === reading) await sleep(1);
  const second = hosted.writeProperty("own", 3);
  await sleep(1);
  answer(2);
  await first;
  thing.context.disconnected("Unplugged.");
  await second;
  assert.equal((await opened.savedSettings())?.own, 3);
});
