import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../base/log.ts";
import type { SystemRoots } from "./roots.ts";

/** Events of other devices in a second that are put up with: each write to /dev/null is one on some kernels. */
export const MOST_OTHER_EVENTS = 200;
/** How often the folder of video devices is looked at while /dev is watched, ms. */
const POLL_MS = 2000;
/** The same while it is not. */
const POLL_ALONE_MS = 1000;
/** After an event nothing is done until none has come for so long, ms: a camera has several nodes, and udev sets their groups. */
const SETTLE_MS = 100;
/** But not for longer than this after the first, ms. */
const LONGEST_SETTLE_MS = 500;

/** Tells when video devices may have come or gone: by events of /dev, and by looking at sysfs from time to time. */
export class DeviceWatch {
  readonly #roots: SystemRoots;
  readonly #log: Log;
  readonly #onChange: () => void;
  #running: AbortController | undefined;
  #watcher: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #firstAt: number | undefined;
  #signature: string | undefined;
  #others = { second: 0, count: 0 };

  /** @param onChange - Called soon after one or several changes, once for all of them. */
  constructor(roots: SystemRoots, log: Log, onChange: () => void) {
    this.#roots = roots;
    this.#log = log;
    this.#onChange = onChange;
  }

  /** From now on changes are told, until `stop`, which may come while it starts. */
  async start(): Promise<void> {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    const signature = await this.#look();
    if (running.signal.aborted) return;
    this.#signature = signature;
    try {
      this.#watcher = watch(this.#roots.dev, { persistent: false }, (_, name) => this.#event(name));
      this.#watcher.on("error", () => this.#unwatch());
    } catch {
      // No inotify left, or no such folder: looking is enough, if a second later.
    }
    this.#pollNext(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#unwatch();
    clearTimeout(this.#poll);
    clearTimeout(this.#settle);
    [this.#poll, this.#settle, this.#firstAt] = [undefined, undefined, undefined];
  }

  #unwatch(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  #event(name: string | null): void {
    if (name === null || /^(video\d+|v4l)$/.test(name)) {
      this.#changed();
      return;
    }
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#others.second) this.#others = { second, count: 0 };
    this.#others.count += 1;
    if (this.#others.count <= MOST_OTHER_EVENTS) return;
    this.#unwatch();
    this.#log.info(
      `Other devices make too many events in ${this.#roots.dev} to follow. Cameras are looked for every second instead.`,
    );
  }

  #changed(): void {
    const now = performance.now();
    this.#firstAt ??= now;
    clearTimeout(this.#settle);
    const ms = Math.min(SETTLE_MS, Math.max(0, this.#firstAt + LONGEST_SETTLE_MS - now));
    this.#settle = setTimeout(() => {
      this.#firstAt = undefined;
      this.#onChange();
    }, ms);
  }

  #pollNext(running: AbortSignal): void {
    const ms = this.#watcher ? POLL_MS : POLL_ALONE_MS;
    this.#poll = setTimeout(async () => {
      const signature = await this.#look();
      if (running.aborted) return;
      if (signature !== this.#signature) this.#changed();
      this.#signature = signature;
      this.#pollNext(running);
    }, ms);
  }

  /** Another text whenever a device has come or gone, even if it has the number of an earlier one. */
  async #look(): Promise<string> {
    const folder = join(this.#roots.sys, "class", "video4linux");
    const names = await readdir(folder).catch(() => []);
    const inode = (name: string) =>
      lstat(join(folder, name)).then(
        ({ ino }) => ino,
        () => 0,
      );
    const inodes = await Promise.all(names.map(inode));
    return names.map((name, at) => `${name} ${inodes[at]}`).join();
  }
}
