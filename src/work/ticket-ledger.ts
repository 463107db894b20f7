import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { type DiskLane, laneOf } from "../base/disk-lane.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import { folderKey } from "../base/one-folder.ts";
import { syncFile } from "../base/sync-folder.ts";
import type { ReadTickets } from "./read-tickets.ts";
import { createWhole, openNewest, ticketsName } from "./ticket-files.ts";
import { closedLine, headLine, type TicketSums, type TicketsHead } from "./ticket-lines.ts";

/** A ledger that has grown to so many bytes is closed, and the next file goes on with its open tickets. */
const MOST_BYTES = 64 * 2 ** 20;
/** After a write that has failed, the next is tried so much later, ms. */
const RETRY_MS = 1000;
/** Lines that wait for a disk that does not answer: no frame is wanted beyond. */
const MOST_WAITING = 10_000;

const waitingLimit = countedLimit("work_ledger_lines");
/** Ledgers that are open in this process: two queues would overwrite each other's. */
const inUse = new Set<string>();

/** What waits to be written: lines, or the end of a file and the beginning of the next. */
type Item = string | { readonly sums: Omit<TicketSums, "next">; readonly carried: string };

/**
 * The ledger of a work queue: a file to which lines are only added. Lines that come while others are being written become
 * one write and one sync.
 */
export class TicketLedger {
  readonly #folder: string;
  readonly #head: TicketsHead;
  readonly #lane: DiskLane;
  readonly #mostBytes: number;
  #file: FileHandle;
  #number: number;
  #end: number;
  #announced: number;
  #waiting: Item[] = [];
  /** Items that were added, and that are on the disk. */
  #added = 0;
  #done = 0;
  readonly #waiters: { readonly upTo: number; readonly resolve: () => void }[] = [];
  #writing: Promise<void> | undefined;
  #isClosed = false;
  #failure: string | undefined;
  /** Ends the pause before the next try. */
  #retry = () => {};

  private constructor(
    place: { folder: string; head: TicketsHead; lane: DiskLane; mostBytes: number },
    { file, number, end }: { file: FileHandle; number: number; end: number },
  ) {
    this.#folder = place.folder;
    this.#head = place.head;
    this.#lane = place.lane;
    this.#mostBytes = place.mostBytes;
    this.#file = file;
    this.#number = number;
    this.#end = end;
    this.#announced = end;
  }

  /**
   * Opens the newest ledger of a queue, or makes the first. A line that a crash has cut off is removed; a file that is damaged is
   * left as it is, and the next goes on with its open tickets.
   * @returns What it says, and why a file was left, in words.
   * @throws {ThingError} `RECORDING_FAILED` when that is not possible.
   */
  static async open(
    folder: string,
    head: TicketsHead,
    mostBytes = MOST_BYTES,
  ): Promise<{ ledger: TicketLedger; read: ReadTickets; left?: string | undefined }> {
    const lane = await laneOf(folder);
    const place = { folder, head, lane, mostBytes };
    const key = keyOf(folder, head);
    if (inUse.has(key)) throw isOpen(folder, head);
    inUse.add(key);
    return lane
      .run(async () => {
        const { file, number, read, left } = await openNewest(folder, head);
        return { ledger: new TicketLedger(place, { file, number, end: read.end }), read, left };
      })
      .catch((cause) => {
        inUse.delete(key);
        const why = `The ledger of '${head.queue}' in ${folder} cannot be opened: ${reasonOf(cause)}.`;
        throw new ThingError("RECORDING_FAILED", why, { cause });
      });
  }

  get path(): string {
    return join(this.#folder, ticketsName(this.#head.queue, this.#number));
  }

  /** Why lines cannot be written now, in words; undefined while they can. */
  get failure(): string | undefined {
    if (this.#failure !== undefined) return this.#failure;
    if (this.#isClosed) return "the queue is closed";
    if (this.#waiting.length < MOST_WAITING) return undefined;
    waitingLimit.hit();
    return `${this.#waiting.length} lines wait for the disk, which does not answer`;
  }

  /** Whether it is large enough to be closed by `turnOver`. */
  get isLarge(): boolean {
    return this.#announced > this.#mostBytes;
  }

  add(line: string): void {
    this.#put(line);
    this.#announced += Buffer.byteLength(line);
  }

  /** Closes this file after what was added before, and goes on in the next. @param carried - The lines of all open tickets. */
  turnOver(sums: Omit<TicketSums, "next">, carried: string): void {
    this.#put({ sums, carried });
    this.#announced = 0;
  }

  /** Resolves when all that was added until now is on the disk: also after failures in between. */
  written(): Promise<void> {
    const upTo = this.#added;
    if (this.#done >= upTo) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ upTo, resolve }));
  }

  /** Writes what it can, and closes the file. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#retry();
    await this.#writing;
    await this.#file.close();
    inUse.delete(keyOf(this.#folder, this.#head));
  }

  #put(item: Item): void {
    this.#waiting.push(item);
    this.#added += 1;
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    await undefined; // lines of one turn are one write
    while (this.#waiting.length > 0) {
      const items = this.#batch();
      try {
        await this.#lane.run(() => this.#writeBatch(items));
        this.#failure = undefined;
        this.#settle(items.length);
      } catch (error) {
        this.#failure = reasonOf(error);
        if (this.#isClosed) break;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, RETRY_MS);
          this.#retry = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
    this.#writing = undefined;
  }

  /** All lines up to the next end of a file, or that alone. */
  #batch(): Item[] {
    const end = this.#waiting.findIndex((item) => typeof item !== "string");
    if (end < 0) return [...this.#waiting];
    return this.#waiting.slice(0, Math.max(1, end));
  }

  #settle(count: number): void {
    this.#waiting.splice(0, count);
    this.#done += count;
    while (this.#waiters[0] && this.#waiters[0].upTo <= this.#done)
      this.#waiters.shift()!.resolve();
  }

  async #writeBatch(items: readonly Item[]): Promise<void> {
    const [first] = items;
    if (typeof first === "object") await this.#next(first);
    else await this.#append(Buffer.from(items.join("")));
  }

  async #append(bytes: Buffer): Promise<void> {
    if (this.#failure !== undefined) await this.#file.truncate(this.#end); // what a failed write may have left
    for (let done = 0; done < bytes.length; ) {
      const at = this.#end + done;
      done += (await this.#file.write(bytes, done, bytes.length - done, at)).bytesWritten;
    }
    await syncFile(this.#file);
    if ((await this.#file.stat()).nlink === 0) await this.#writeAgain(this.#end + bytes.length);
    this.#end += bytes.length;
  }

  /** The file was removed while it was open: it is made again of what is in it. */
  async #writeAgain(length: number): Promise<void> {
    const content = Buffer.alloc(length);
    await this.#file.read(content, 0, length, 0);
    const file = await createWhole(this.#folder, this.path, content);
    await this.#file.close();
    this.#file = file;
  }

  async #next({ sums, carried }: Exclude<Item, string>): Promise<void> {
    const next = ticketsName(this.#head.queue, this.#number + 1);
    const path = join(this.#folder, next);
    const text = headLine(this.#head) + carried;
    const file = await createWhole(this.#folder, path, text); // before the old one is closed: a crash loses no open ticket
    try {
      await this.#append(Buffer.from(closedLine({ ...sums, next })));
    } catch (error) {
      await file.close();
      throw error;
    }
    await this.#file.close();
    this.#file = file;
    this.#number += 1;
    this.#end = Buffer.byteLength(text);
    this.#announced += this.#end;
  }
}

function keyOf(folder: string, { queue }: TicketsHead): string {
  return join(folderKey(folder), queue);
}

function isOpen(folder: string, { queue }: TicketsHead): ThingError {
  const why = `The ledger of '${queue}' in ${folder} belongs to another queue of this process. Give one of them a folder of its own.`;
  return new ThingError("RECORDING_FAILED", why);
}
