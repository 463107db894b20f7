import { delay, Thing, ThingError } from "thingscope";
import { Type } from "typebox";

/** What a cable leads to: it is asked, takes time, refuses, and is unplugged. */
export class Device {
  readonly values = new Map<string, number>([
    ["gain", 1],
    ["offset", 0],
  ]);
  /** What it was asked, in order. */
  readonly asked: string[] = [];
  /** Ends each question. */
  answer: (signal: AbortSignal) => Promise<void> = async () => {};
  /** Why signals aborted. */
  readonly aborted: unknown[] = [];
  limit = 10;

  async get(name: string, signal: AbortSignal): Promise<number> {
    this.#ask(`get ${name}`, signal);
    await this.answer(signal);
    return this.values.get(name)!;
  }

  async set(name: string, value: number, signal: AbortSignal): Promise<void> {
    this.#ask(`set ${name} ${value}`, signal);
    await this.answer(signal);
    if (value > this.limit)
      throw new ThingError("INVALID_INPUT", `The device takes ${this.limit} at most in this mode.`);
    this.values.set(name, value);
    this.asked.push(`has ${name} ${value}`);
  }

  #ask(what: string, signal: AbortSignal): void {
    this.asked.push(what);
    signal.addEventListener("abort", () => this.aborted.push(signal.reason));
  }
}

/** Never, unless the signal aborts. */
export const never = (signal: AbortSignal) => delay(2 ** 30, signal);

/** Has the controls that its device has. */
export class Instrument extends Thing {
  readonly device = new Device();
  controls = ["gain", "offset"];
  schema = Type.Number({ minimum: 0, maximum: 100 });
  withinMs = 10_000;

  override open(): void {
    for (const name of this.controls) this.addControl(name);
  }

  addControl(name: string): void {
    this.addProperty({
      ...{ name, title: `Control ${name}`, schema: this.schema, withinMs: this.withinMs },
      ...{ types: ["iot:Control"], observable: true, saved: true, initial: 1 },
      read: (signal) => this.device.get(name, signal),
      write: (value, signal) => this.device.set(name, value, signal),
    });
  }
}
