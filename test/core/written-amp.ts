import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { property, setting, Thing, ThingHost } from "thingscope";
import { Type } from "typebox";
import { logTo } from "../../src/base/log.ts";

const Limits = Type.Object({ low: Type.Number({ maximum: 10 }) });

/** With a property of each kind that can be written. */
export class Amp extends Thing {
  @setting("Label", Type.String()) accessor label = "amp";
  @setting("Note", Type.Unknown()) accessor note: unknown = "none";
  @setting("Limits", Limits) accessor limits = { low: 1 };
  @property("Gain", Type.Number(), { observable: true }) get gain(): number {
    return this.#gain;
  }
  set gain(value: number) {
    this.#gain = Math.min(value, 10);
    this.changed("gain");
    this.changed("power");
  }
  @property("Power", Type.Number(), { observable: true }) get power(): number {
    return 2 * this.#gain;
  }
  @property("Said too early", Type.Number(), { observable: true }) get early(): number {
    return this.#early;
  }
  set early(value: number) {
    this.changed("early");
    this.#early = value;
  }
  @setting("In the device", Type.Number(), { observable: true, set: "setDepth" })
  get depth(): number {
    return this.#depth;
  }
  async setDepth(value: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#depth = value;
    this.changed("depth");
    this.changed("power");
  }
  @property("Answered late", Type.Number(), { observable: true }) get late(): number {
    return this.answers.shift() as unknown as number;
  }
  answers: Promise<number>[] = [];
  @property("Always refused", Type.Number(), { set: "refuse" }) get refused(): number {
    return 1;
  }
  async refuse(): Promise<void> {
    await this.beforeRefusing();
    throw new Error("It is full.");
  }
  async beforeRefusing(): Promise<void> {}
  #gain = 1;
  #early = 1;
  #depth = 0;
}

/** With labels that are checked by a class of its own, as somebody who extends a Thing would. */
export class Cautious extends Amp {
  override get label(): string {
    return super.label;
  }
  override set label(label: string) {
    super.label = label.trim();
  }
}

/** One in a host that keeps what it logs, what its observers hear, and its settings. */
export async function opened(thing: Amp = new Amp(), folder?: string) {
  const settingsFolder = folder ?? (await mkdtemp(join(tmpdir(), "thingscope-")));
  const lines: string[] = [];
  const log = logTo((level, message) => level !== "debug" && lines.push(message));
  const host = new ThingHost({ settingsFolder, log, reopenAfterMs: [60_000, 60_000] });
  const amp = host.add("amp", thing);
  const heard: unknown[] = [];
  amp.onChange((name, value) => heard.push([name, value]));
  await host.open();
  const file = join(settingsFolder, "amp", `Settings-${thing.constructor.name}.json`);
  const saved = async (suffix = "") => JSON.parse(await readFile(file + suffix, "utf8"));
  return { host, amp, thing, heard, lines, file, saved, settingsFolder };
}
