import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { delay, isAbort } from "../base/abort.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import { assertFile } from "../base/regular-file.ts";
import type { IterableSource, SourceFrame } from "../frames/frame-source.ts";
import { JpegSplitter } from "../frames/jpeg/jpeg-splitter.ts";

/** Options of a replay. */
export interface ReplayOptions {
  /** Pictures a second; 25 by default. */
  readonly fps?: number | undefined;
  /** False: it ends after the last picture. */
  readonly loop?: boolean | undefined;
}

const PICTURE = /\.(jpe?g)$/i;

/** Plays a file of JPEGs one after another (`.mjpeg`; one picture is repeated), or a folder of JPEG files in the order of their names. */
export class ReplaySource implements IterableSource {
  readonly path: string;
  readonly #periodMs: number;
  readonly #loop: boolean;

  /** @throws {ThingError} `BAD_ARGUMENT` when `fps` is not above 0 and at most 1000. */
  constructor(path: string, { fps = 25, loop = true }: ReplayOptions = {}) {
    if (!(fps > 0 && fps <= 1000)) {
      throw new ThingError(
        "BAD_ARGUMENT",
        `'fps' must be more than 0 and at most 1000, not ${fps}.`,
      );
    }
    this.path = path;
    this.#periodMs = 1000 / fps;
    this.#loop = loop;
  }

  /** @throws {ThingError} `SOURCE_FAILED` when the file or folder cannot be read or holds no JPEG. */
  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame, void> {
    let due = performance.now();
    try {
      do {
        let pictures = 0;
        for await (const jpeg of this.#pictures()) {
          await delay(Math.max(0, due - performance.now()), signal);
          due = Math.max(due + this.#periodMs, performance.now() - this.#periodMs); // after a pause it does not hurry
          pictures++;
          yield { jpeg };
        }
        if (pictures === 0) throw this.#failure("does not contain a JPEG picture.");
      } while (this.#loop);
    } catch (error) {
      if (signal.aborted && isAbort(error)) return;
      throw error instanceof ThingError
        ? error
        : this.#failure(`cannot be played: ${reasonOf(error)}.`, error);
    }
  }

  async *#pictures(): AsyncGenerator<Uint8Array> {
    const found = await stat(this.path);
    if (found.isDirectory()) {
      const names = (await readdir(this.path)).filter((name) => PICTURE.test(name));
      names.sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
      for (const name of names) yield await readFile(join(this.path, name));
    } else {
      assertFile(this.path, found);
      const splitter = new JpegSplitter();
      for await (const chunk of createReadStream(this.path)) yield* splitter.push(chunk);
    }
  }

  #failure(what: string, cause?: unknown): ThingError {
    return new ThingError("SOURCE_FAILED", `'${this.path}' ${what}`, { cause });
  }
}
