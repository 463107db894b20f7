import { appendFile, rename, rm, stat } from "node:fs/promises";
import { messageOf } from "./errors.ts";
import { countedLimit } from "./limit-hits.ts";

const MOST_WAITING = 256 * 1024; // characters

const lostLimit = countedLimit("log_file_lines");

/** A file that is only appended to. When it is full it is put aside as `{path}.1`, the one before as `{path}.2` and so on. */
export class RotatingFile {
  /** Lines that are not in it: too many waited, or the disk failed. */
  lost = 0;
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #waiting: string[] = [];
  #waitingLength = 0;
  #missing = 0;
  #why = "";
  #size: number | undefined;

  /** @param keep - How many files there are at most: 1 and more. */
  constructor(path: string, { maxBytes, keep }: { maxBytes: number; keep: number }) {
    this.#path = path;
    this.#maxBytes = maxBytes;
    this.#keep = keep;
  }

  /** Whether there is something to write. */
  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Takes a line, with its end; or counts it where too many wait. */
  add(line: string): void {
    if (this.#waitingLength + line.length > MOST_WAITING) {
      this.#miss(1, "the disk was too slow");
      return;
    }
    this.#waiting.push(line);
    this.#waitingLength += line.length;
  }

  /** Writes what waits. @throws when the disk does not take it: the lines are counted then. */
  async write(): Promise<void> {
    const lines = this.#waiting;
    const missing = this.#missing;
    const note =
      missing > 0
        ? `${new Date().toISOString()} ${missing} lines are missing here: ${this.#why}.\n`
        : "";
    this.#waiting = [];
    this.#waitingLength = 0;
    const bytes = Buffer.from(note + lines.join(""));
    try {
      await this.#makeRoomFor(bytes.length);
      await appendFile(this.#path, bytes, { mode: 0o640 });
      this.#size = (this.#size ?? 0) + bytes.length;
      this.#missing -= missing;
    } catch (error) {
      this.#size = undefined;
      this.#miss(lines.length, messageOf(error));
      throw error;
    }
  }

  #miss(lines: number, why: string): void {
    lostLimit.hit(lines);
    this.lost += lines;
    this.#missing += lines;
    this.#why = why;
  }

  async #makeRoomFor(bytes: number): Promise<void> {
    this.#size ??= await sizeOf(this.#path);
    if (this.#size === 0 || this.#size + bytes <= this.#maxBytes) return;
    const places = [
      this.#path,
      ...Array.from({ length: this.#keep - 1 }, (_, n) => `${this.#path}.${n + 1}`),
    ];
    await rm(places.at(-1)!, { force: true });
    for (let n = places.length - 1; n > 0; n--) await renameIfThere(places[n - 1]!, places[n]!);
    this.#size = 0;
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    return orThrow(error, 0);
  }
}

async function renameIfThere(from: string, to: string): Promise<void> {
  await rename(from, to).catch((error) => orThrow(error, undefined));
}

/** @throws whatever says something else than that the file is not there. */
function orThrow<T>(error: unknown, value: T): T {
  if (error instanceof Error && "code" in error && error.code === "ENOENT") return value;
  throw error;
}
