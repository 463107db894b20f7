import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import type { TestContext } from "node:test";
import { memoryHeld, memoryHeldWithin } from "../../memory.ts";
import { eventually } from "../../streams/watching.ts";

/** What this process holds after each round of a test: descriptors, and bytes of memory. */
export class Held {
  readonly #rounds: { readonly files: number; readonly bytes: number }[] = [];

  /** A round is over. */
  async note(): Promise<void> {
    this.#rounds.push({ files: openFiles(), bytes: await memoryHeld() });
  }

  /** After the first round, which fills what is kept, nothing more is held: 4 MB and two descriptors are left to chance. */
  async assertFlat(t: TestContext): Promise<void> {
    const told = this.#rounds.map(({ files, bytes }) => `${files} ${(bytes / 1e6).toFixed(1)}`);
    t.diagnostic(told.join(", "));
    const [first] = this.#rounds;
    const limit = first!.bytes + 4e6;
    const held = await memoryHeldWithin(limit);
    assert.ok(held <= limit, `${first!.bytes} bytes after the first round, ${held} in the end`);
    await eventually(() => openFiles() <= first!.files + 2);
  }
}

function openFiles(): number {
  return readdirSync("/proc/self/fd").length;
}
