import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { laneAt } from "../base/disk-lane.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import { makeFolders } from "../base/make-folders.ts";
import { processInWords } from "../base/process-place.ts";
import {
  ANSWER_EVERY_MS,
  ANSWERS_WITHIN_MS,
  answer,
  claim,
  holderIn,
  isSame,
  newLockText,
  textOf,
} from "./lock-file.ts";

/** The error for a folder that another process holds. @param holder - In words: `process 4711 on lab`. */
type InUse = (folder: string, holder: string) => ThingError;

/**
 * One process at a time keeps settings, or recordings, in a folder: two would overwrite each other's. The file `.lock` names the process
 * that does; what one that was killed left behind is taken over. That holds for processes in containers and on computers that share the
 * folder, too: one that cannot be looked at is asked, and answers.
 */
export class FolderLock {
  readonly #folder: string;
  readonly #path: string;
  readonly #inUse: InUse;
  #text: string | undefined;
  #disk: number | undefined;
  #answering: ReturnType<typeof setInterval> | undefined;
  #isAnswering = false;

  constructor(folder: string, inUse: InUse = settingsInUse) {
    this.#folder = folder;
    this.#inUse = inUse;
    this.#path = join(folder, ".lock");
  }

  /** @throws {ThingError} `SETTINGS_IN_USE`, or what `inUse` makes, naming the process. */
  async take(log: Log = silentLog): Promise<void> {
    await makeFolders(this.#folder);
    await this.#claim(log);
    this.#disk = (await stat(this.#folder)).dev;
    clearInterval(this.#answering);
    this.#answering = setInterval(() => void this.#look(log), ANSWER_EVERY_MS).unref();
  }

  /** Releases the folder, if it was taken. */
  async release(): Promise<void> {
    clearInterval(this.#answering);
    const text = this.#text;
    this.#text = undefined;
    if (text === undefined) return;
    const found = await textOf(this.#path).catch(() => undefined);
    if (isSame(found, text)) await rm(this.#path, { force: true });
  }

  async #claim(log: Log): Promise<void> {
    const text = newLockText();
    const other = await claim(this.#path, text, (holder) => log.warn(asking(this.#folder, holder)));
    if (other !== undefined) throw this.#inUse(this.#folder, processInWords(holderIn(other)));
    this.#text = text;
  }

  /** Answers whoever asks, and takes the folder again that was removed and made anew. A disk that hangs holds one thread. */
  async #look(log: Log): Promise<void> {
    const text = this.#text;
    if (this.#isAnswering || text === undefined) return;
    this.#isAnswering = true;
    try {
      const lane = await laneAt(this.#path);
      const isOurs = await lane.read(() => answer(this.#path, text));
      if (isOurs === undefined) await this.#takeAgain(log);
      if (isOurs === false && this.#text === text) throw await this.#lost();
    } catch (error) {
      if (!(error instanceof ThingError)) return; // the disk fails, or is gone: it may come back
      if (error.code === "NOT_READY") return;
      log.error(messageOf(error));
      clearInterval(this.#answering);
    } finally {
      this.#isAnswering = false;
    }
  }

  async #takeAgain(log: Log): Promise<void> {
    const { dev } = await stat(this.#folder);
    if (dev === this.#disk && this.#text !== undefined) await this.#claim(log);
  }

  async #lost(): Promise<ThingError> {
    const holder = processInWords(holderIn((await textOf(this.#path)) ?? ""));
    const { code, message } = this.#inUse(this.#folder, holder);
    return new ThingError(
      code,
      `This server did not answer for too long, so another has taken over. ${message}`,
    );
  }
}

function asking(folder: string, holder: string): string {
  const seconds = ANSWERS_WITHIN_MS / 1000;
  return `Whether ${processInWords(holder)} still has ${folder} cannot be seen from here, so it is asked, and has ${seconds} s to answer. A server that is killed in a container leaves this wait behind; stop it by SIGTERM to spare it.`;
}

function settingsInUse(folder: string, holder: string): ThingError {
  return new ThingError(
    "SETTINGS_IN_USE",
    `The settings in ${folder} are in use by another server, ${holder}. Stop that server, or choose another folder: --settings FOLDER.`,
  );
}
