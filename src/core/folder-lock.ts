import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ThingError } from "../base/errors.ts";
import { linkUnlessTaken } from "../base/link-unless-taken.ts";
import { isRunning, ownIdentity, pidOf } from "../base/process-identity.ts";

/** The error for a folder that another process holds. */
export type InUse = (folder: string, pid: number) => ThingError;

/**
 * One process at a time keeps settings, or recordings, in a folder: two would overwrite each other's. The file `.lock` names the process
 * that does; what one that was killed left behind is taken over.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #inUse: InUse;

  constructor(folder: string, inUse: InUse = settingsInUse) {
    this.#folder = folder;
    this.#inUse = inUse;
    this.#path = join(folder, ".lock");
  }

  /** @throws {ThingError} `SETTINGS_IN_USE`, or what `inUse` makes, naming the process. */
  async take(): Promise<void> {
    const mine = `${this.#path}.${process.pid}`;
    await mkdir(this.#folder, { recursive: true });
    await writeFile(mine, ownIdentity);
    try {
      // Unlike a write, a link shows other processes the whole name or none, and fails where there is one.
      while (!(await linkUnlessTaken(mine, this.#path))) await this.#removeStale();
    } finally {
      await rm(mine, { force: true });
    }
  }

  /** Lets the folder go, if it was taken. */
  async release(): Promise<void> {
    const holder = await readFile(this.#path, "utf8").catch(() => "");
    if (holder === ownIdentity) await rm(this.#path, { force: true });
  }

  async #removeStale(): Promise<void> {
    const holder = await readFile(this.#path, "utf8").catch(() => "");
    const isOther = holder !== ownIdentity && isRunning(holder);
    if (isOther) throw this.#inUse(this.#folder, pidOf(holder));
    await rm(this.#path, { force: true });
  }
}

function settingsInUse(folder: string, pid: number): ThingError {
  return new ThingError(
    "SETTINGS_IN_USE",
    `The settings in ${folder} are in use by another server, process ${pid}. Stop that one, or choose another folder: --settings FOLDER.`,
  );
}
