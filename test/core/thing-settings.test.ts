// Settings of Things: when they are set, saved and left alone.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { mkdir, mkdtemp, open as openFile, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type HostOptions, logTo, setting, Thing, ThingHost } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";

class Board {
  gain = 1;
  isOpen = true;
  check(): void {
    if (!this.isOpen) throw new Error("The port is closed.");
  }
}

class Amp extends Thing {
  board: Board | undefined;
  labelAtOpen = "";
  @setting("Label", Type.String()) accessor label = "amp";
  @setting("Gain", Type.Number({ maximum: 10 })) get gain(): number {
    this.board!.check();
    return this.board!.gain;
  }
  set gain(value: number) {
    this.board!.check();
    this.board!.gain = value;
  }
  override open(): void {
    this.labelAtOpen = this.label;
    this.board = new Board();
  }
  override close(): void {
    if (this.board) this.board.isOpen = false;
  }
}

async function open(settingsFolder: string, thing: Thing = new Amp(), options: HostOptions = {}) {
  const lines: string[] = [];
  const log = logTo((level, message) => level !== "debug" && lines.push(message));
  const host = new ThingHost({ settingsFolder, log, ...options });
  const hosted = host.add("amp", thing);
  await host.open();
  const file = join(settingsFolder, "amp", `Settings-${thing.constructor.name}.json`);
  const saved = async () => JSON.parse(await readFile(file, "utf8"));
  return { host, hosted, thing, lines, file, saved };
}

/** All four threads that read and write files wait, as for a disk that does not answer, until the function that this returns is called. */
function holdFiles(where: string): () => void {
  const pipes = [1, 2, 3, 4].map((n) => join(where, `pipe${n}`));
  execFileSync("mkfifo", pipes);
  const held = pipes.map((pipe) => openFile(pipe, "r")); // waits for somebody who writes
  return () => {
    for (const pipe of pipes) closeSync(openSync(pipe, "w"));
    for (const opened of held) void opened.then((file) => file.close());
  };
}

const folder = () => mkdtemp(join(tmpdir(), "thingscope-"));

test("a setting in the hardware is set after open, and saved before close as the hardware has it", async () => {
  const where = await folder();
  const first = await open(where);
  await first.hosted.writeProperty("label", "left");
  await first.hosted.writeProperty("gain", 7);
  (first.thing as Amp).board!.gain = 8; // somebody turned the knob
  await first.host.close();
  assert.deepEqual(await first.saved(), { label: "left", gain: 8 });
  const second = await open(where);
  const { board, labelAtOpen } = second.thing as Amp;
  assert.deepEqual([labelAtOpen, board?.gain], ["left", 8]);
  await second.host.close();
  assert.deepEqual([...first.lines, ...second.lines], []);
});

test("a setting that the hardware refuses keeps its default, with its name in the log, and its value in the file", async () => {
  const where = await folder();
  const first = await open(where);
  await first.hosted.writeProperty("gain", 7);
  await first.host.close();
  class Weak extends Amp {
    override open(): void {
      super.open();
      Object.defineProperty(this.board, "gain", {
        get: () => 1,
        set: () => {
          throw new Error("This board has no gain");
        },
      });
    }
  }
  Object.defineProperty(Weak, "name", { value: "Amp" });
  const second = await open(where, new Weak());
  await second.host.close();
  assert.match(
    second.lines.join("\n"),
    /Setting 'gain' of Thing 'amp' was not set: This board has no gain\. It keeps its default\./,
  );
  assert.equal((await second.saved()).gain, 7);
});

test("a Thing that could not open keeps what its hardware had, and what its object was given", async () => {
  const where = await folder();
  const first = await open(where);
  await first.hosted.writeProperty("gain", 7);
  await first.host.close();
  class Failing extends Amp {
    override open(): void {
      this.label = "failing";
      throw new Error("The cable is out.");
    }
  }
  Object.defineProperty(Failing, "name", { value: "Amp" });
  const second = await open(where, new Failing());
  await second.host.close();
  assert.deepEqual(await second.saved(), { label: "failing", gain: 7 });
});

test("settings of a Thing that was disconnected are set again", { timeout: TEST_MS }, async () => {
  const { host, hosted, thing } = await open(await folder(), new Amp(), {
    reopenAfterMs: [60_000, 60_000],
  });
  await hosted.writeProperty("gain", 7);
  (thing as Amp).board!.isOpen = false;
  thing.context.disconnected("The cable is out.");
  await host.openThing("amp");
  assert.equal(await hosted.readProperty("gain"), 7);
  await host.close();
});

test("nothing is written at stop when nothing was changed: an edit by hand stays", async () => {
  const where = await folder();
  const { host, hosted, file } = await open(where);
  await hosted.writeProperty("label", "left");
  const edited = '{"label":"by hand","gain":3}';
  await writeFile(file, edited);
  await host.close();
  assert.equal(await readFile(file, "utf8"), edited);
  const untouched = await open(await folder());
  await untouched.host.close();
  assert.equal(existsSync(untouched.file), false);
});

test("a file that was edited by hand is kept when a setting is written, with a warning that names it", async () => {
  const where = await folder();
  const { host, hosted, file, lines, saved } = await open(where);
  await hosted.writeProperty("label", "left");
  const edited = '{"label":"by hand","gain":3}';
  await writeFile(file, edited);
  await hosted.writeProperty("gain", 2);
  const aside = (await readdir(join(where, "amp"))).find((name) => name.includes(".edited-"))!;
  assert.equal(await readFile(join(where, "amp", aside), "utf8"), edited);
  assert.ok(
    lines.some((line) => line.includes(file) && line.includes(aside)),
    lines.join("\n"),
  );
  assert.deepEqual(await saved(), { label: "left", gain: 2 });
  await hosted.writeProperty("gain", 4); // its own writes are no edits
  await host.close();
  const kept = (await readdir(join(where, "amp"))).filter((name) => name.includes(".edited-"));
  assert.equal(kept.length, 1);
});

test("settings are on disk although two Things hang while they close", {
  timeout: TEST_MS,
}, async () => {
  class Stuck extends Amp {
    override async close(): Promise<void> {
      await new Promise(() => {});
    }
  }
  const where = await folder();
  const host = new ThingHost({ settingsFolder: where, closeWithinMs: 2000 });
  const names = ["one", "two", "three"];
  for (const name of names) host.add(name, name === "three" ? new Amp() : new Stuck());
  await host.open();
  for (const name of names) (host.get(name).thing as Amp).board!.gain = 5;
  await host.close();
  for (const [name, of] of [
    ["one", "Stuck"],
    ["two", "Stuck"],
    ["three", "Amp"],
  ] as const) {
    const text = await readFile(join(where, name, `Settings-${of}.json`), "utf8");
    assert.equal(JSON.parse(text).gain, 5);
  }
});

test("a write that comes before the settings are loaded waits, and is not overwritten", {
  timeout: TEST_MS,
}, async () => {
  const where = await folder();
  await mkdir(join(where, "amp"));
  const file = join(where, "amp", "Settings-Amp.json");
  await writeFile(file, '{"label":"old","gain":6}');
  const host = new ThingHost({ settingsFolder: where });
  const hosted = host.add("amp", new Amp());
  const opening = host.open();
  while (hosted.state !== "opening") await new Promise(setImmediate);
  const release = holdFiles(where);
  const written = hosted.writeProperty("label", "mine");
  const read = hosted.readProperty("gain");
  release();
  await Promise.all([opening, written]);
  assert.deepEqual([await hosted.readProperty("label"), await read], ["mine", 6]);
  await host.close();
});

test("one Thing whose settings cannot be read in time keeps no other from opening", {
  timeout: TEST_MS,
}, async () => {
  const where = await folder();
  await mkdir(join(where, "amp"));
  await writeFile(join(where, "amp", "Settings-Amp.json"), "{}");
  const host = new ThingHost({ settingsFolder: where, openWithinMs: 1000 });
  const amp = host.add("amp", new Amp());
  host.add("other", new Amp());
  const opening = host.open();
  while (amp.state !== "opening") await new Promise(setImmediate);
  const release = holdFiles(where);
  while (amp.state === "opening") await new Promise((resolve) => setTimeout(resolve, 10));
  release();
  await opening;
  assert.deepEqual(
    [host.get("amp").state, host.get("amp").reason, host.get("other").state],
    ["failed", "Its settings were not read within 1 s.", "open"],
  );
  await host.close();
});
