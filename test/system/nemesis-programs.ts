import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import type { LedgerFrame } from "../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { accountOf } from "../recording/accounts.ts";
import { damage } from "../recording/damage.ts";
import type { Random } from "./power-cut.ts";
import type { RecorderProcess } from "./recorder-process.ts";
import { RecordingsClient } from "./recordings-client.ts";

/** What another program records begins so. */
export const OTHER = "other";

/** What `thingscope` in other processes does in the folder of a recorder: it repairs, and records what the recorder shows. */
export class OtherPrograms {
  /** How many frames were damaged, each in a file of its own. */
  damaged = 0;
  readonly #recorder: RecorderProcess;
  readonly #random: Random;
  readonly #recording = new Map<ChildProcess, Promise<unknown>>();

  constructor(recorder: RecorderProcess, random: Random) {
    this.#recorder = recorder;
    this.#random = random;
  }

  /** The disk changes a picture of a file that is closed. A repair lists that frame, and no other. */
  async damageAndRepair(): Promise<void> {
    const found = await this.#closedFilm();
    if (!found) return;
    const { path, frames } = found;
    const before = (await accountOf(path)).lost.length;
    const frame = frames[Math.floor(this.#random() * frames.length)]!;
    await damage(path, frame.offset + Math.floor((frame.size * (1 + this.#random())) / 3), {
      flip: 8,
    });
    const { code, told } = await this.#run("repair", path).over;
    assert.equal(code, 0, told);
    const { kept, lost } = await accountOf(path);
    assert.equal(kept.length, frames.length - 1, told);
    const { run, index } = frame;
    const isListed = lost.some((one) => one.run === run && one.from <= index && one.to >= index);
    assert.ok(isListed && lost.length > before, `${run}/${index} of ${path}: ${told}`);
    this.damaged += 1;
  }

  /** Records what the recorder shows into its folder, for some seconds, behind all else. Some are killed. */
  record(): void {
    const { folder, url } = this.#recorder;
    const name = `${OTHER}-${Math.floor(this.#random() * 1e6)}`;
    const seconds = 2 + this.#random() * 6;
    const args = ["record", url, "--seconds", seconds.toFixed(1), "--out", folder, "--name", name];
    const { child, over } = this.#run(...args);
    const isKilled = this.#random() < 0.3;
    if (isKilled) void sleep(seconds * 700).then(() => child.kill("SIGKILL"));
    this.#recording.set(child, over);
    void over.finally(() => this.#recording.delete(child));
  }

  /** Resolves when no other program records. */
  async ended(): Promise<void> {
    await Promise.all(this.#recording.values());
  }

  kill(): void {
    for (const child of this.#recording.keys()) child.kill("SIGKILL");
  }

  /** A film that somebody may repair: it is closed, and nothing was or is being made of it, which would have the frame that is lost. */
  async #closedFilm(): Promise<{ path: string; frames: LedgerFrame[] } | undefined> {
    const { folder, url } = this.#recorder;
    const listed = await new RecordingsClient(new URL(url).origin).list();
    const there = new Set(await readdir(folder));
    const closed = listed.filter(({ name, growing, ended }) => {
      const made = ["mp4", "webm"].map((format) => name.replace(/mkv$/, format));
      const isFilm = /^take-.*\.mkv$/.test(name) && there.has(name) && !growing;
      return isFilm && ended !== undefined && !made.some((one) => there.has(one));
    });
    const one = closed[Math.floor(this.#random() * closed.length)];
    if (!one) return undefined;
    const path = join(folder, one.name);
    const { summary, exports } = await describeRecording(path);
    if (!summary || exports.some(({ state }) => state === "wanted")) return undefined;
    const frames = [...(await readLedger(ledgerPathOf(path)))!.frames];
    return frames.length > 1 ? { path, frames } : undefined;
  }

  #run(...args: string[]) {
    const program = packagePath("dist", "src", "cli", "main.js");
    const child = spawn(process.execPath, [program, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const told = Promise.all([text(child.stdout), text(child.stderr)]);
    const over = once(child, "close").then(async ([code]) => ({
      code,
      told: (await told).join(""),
    }));
    return { child, over };
  }
}
