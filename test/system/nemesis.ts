import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { Watcher } from "../streams/watching.ts";
import { FileDeeds } from "./nemesis-deeds.ts";
import { OtherPrograms } from "./nemesis-programs.ts";
import type { Random } from "./power-cut.ts";
import { clockFile, type Faults, type RecorderProcess } from "./recorder-process.ts";

const [EIO, ENOSPC] = [5, 28];

/** A camera server in a process of its own, on one port, that is killed, stopped for a while and started anew. */
export class SourceProcess {
  readonly #port: number;
  readonly #pictures: string;
  #child: ChildProcess | undefined;
  launches = 0;

  /** @param pictures - The folder of what it shows. */
  constructor(port: number, pictures: string) {
    this.#port = port;
    this.#pictures = pictures;
    this.launch();
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/source/live`;
  }

  launch(): void {
    const program = packagePath("dist", "test", "system", "source-child.js");
    const args = [program, String(this.#port), String(++this.launches), this.#pictures];
    this.#child = spawn(process.execPath, args, { stdio: "inherit" });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const closed = once(child, "close");
    child.kill("SIGKILL");
    await closed;
  }

  /** As a camera that hangs. */
  async freeze(ms: number): Promise<void> {
    this.#child?.kill("SIGSTOP");
    await sleep(ms);
    this.#child?.kill("SIGCONT");
  }
}

/** What is done to a recorder and to all about it; one thing at a time, each over when it resolves. */
export class Nemesis {
  readonly done: string[] = [];
  readonly #recorder: RecorderProcess;
  readonly #source: SourceProcess;
  readonly #faults: Faults;
  readonly #random: Random;
  readonly #sockets: Socket[] = [];
  readonly files: FileDeeds;
  readonly others: OtherPrograms;
  /** ms that the wall clock was set by, each time. */
  readonly clockSteps: number[] = [];

  constructor(recorder: RecorderProcess, source: SourceProcess, faults: Faults, random: Random) {
    this.#recorder = recorder;
    this.#source = source;
    this.#faults = faults;
    this.#random = random;
    this.files = new FileDeeds(recorder, random);
    this.others = new OtherPrograms(recorder, random);
  }

  /** Does each thing once, and then goes on at random until the time is over. */
  async rage(ms: number): Promise<void> {
    const start = performance.now();
    const all = [...this.#deeds];
    try {
      for (let n = 0; performance.now() - start < ms; n++) {
        const [name, deed] = all[n] ?? all[Math.floor(this.#random() * all.length)]!;
        this.done.push(name);
        await deed();
        await sleep(this.#between(100, 700));
      }
      await this.others.ended();
    } finally {
      for (const socket of this.#sockets) socket.destroy();
      this.others.kill();
    }
  }

  /** Sets the recorder's wall clock by hours. */
  async setClock(): Promise<void> {
    const hours = Math.round(this.#between(-3, 3)) || 1;
    this.clockSteps.push(hours * 3_600_000);
    const ahead = this.clockSteps.reduce((sum, step) => sum + step, 0);
    await writeFile(this.#faults.clock, clockFile(ahead), { flag: "r+" });
    await sleep(500);
  }

  readonly #deeds = new Map<string, () => Promise<void> | void>([
    [
      "the source is killed",
      async () => {
        await this.#source.kill();
        await sleep(this.#between(0, 500));
        this.#source.launch();
        await sleep(1000);
      },
    ],
    ["a recording is exported", () => this.files.export(false)],
    ["a recording is replaced by an export", () => this.files.export(true)],
    ["eight start at once", () => this.files.startAtOnce()],
    [
      "eight start while the disk fails",
      () => this.files.startOnFailingDisk(this.#failWith(EIO), "the disk failed: EIO"),
    ],
    ["the folder vanishes", () => this.files.takeFolder()],
    ["a closed recording is damaged and repaired", () => this.others.damageAndRepair()],
    ["another program records, too", () => this.others.record()],
    ["two files are kept", () => this.files.keepTwoFiles()],
    ["there is little room", () => this.files.giveLittleRoom()],
    ["a recording is deleted", () => this.files.delete()],
    ["a new run begins", () => this.#recorder.say("new run")],
    [
      "the disk stalls",
      async () => {
        await writeFile(this.#faults.stall, "");
        await sleep(this.#between(500, 3000));
        await rm(this.#faults.stall);
        await sleep(500);
      },
    ],
    ["the disk fails", () => this.#failWith(EIO)],
    ["the clock is set", () => this.setClock()],
    ["viewers do not read", () => this.#stalledViewers(5)],
    [
      "the recorder is killed",
      async () => {
        await this.#recorder.kill();
        await this.#recorder.start();
      },
    ],
    ["the event loop is blocked", () => this.#recorder.say("block")],
    ["the source hangs", () => this.#source.freeze(this.#between(300, 2000))],
    ["the disk is full", () => this.#failWith(ENOSPC)],
  ]);

  #stalledViewers(count: number): void {
    const { port, pathname } = new URL(this.#recorder.url);
    for (let n = 0; n < count; n++) {
      this.#sockets.push(new Watcher(Number(port), pathname).socket.pause());
    }
  }

  async #failWith(errno: number): Promise<void> {
    await writeFile(this.#faults.error, String(errno));
    await sleep(this.#between(50, 500));
    await rm(this.#faults.error);
    await sleep(500);
  }

  #between(from: number, to: number): number {
    return from + this.#random() * (to - from);
  }
}
