import { type FileHandle, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { type DiskLane, laneOf } from "../base/disk-lane.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import { syncFile, syncFolder } from "../base/sync-folder.ts";
import { type ReadTickets, readTickets } from "./read-tickets.ts";
import { closedLine, headLine, type TicketSums, type TicketsHead } from "./ticket-lines.ts";
import { TICKETS_EXTENSION } from "./verify-tickets.ts";

/** A ledger that has grown to so many bytes is closed, and the next file goes on with its open tickets. */
const MOST_BYTES = 64 * 2 ** 20;
/** After a write that has failed, the next is tried so much later, ms. */
const RETRY_MS = 1000;

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
   * Opens the newest ledger of a queue, or makes the first. A line that a crash has cut off is removed.
   * @throws {ThingError} `RECORDING_FAILED` when that is not possible.
   */
  static async open(
    folder: string,
    head: TicketsHead,
    mostBytes = MOST_BYTES,
  ): Promise<{ ledger: TicketLedger; read: ReadTickets }> {
    const lane = await laneOf(folder);
    const place = { folder, head, lane, mostBytes };
    return lane
      .run(async () => {
        const number = await newestOf(folder, head.queue);
        const path = join(folder, nameOf(head.queue, Math.max(1, number)));
        if (number === 0) await create(folder, path, headLine(head));
        const file = await open(path, "r+");
        const read = await readTickets(file);
        await file.truncate(read.end);
        const opened = { file, number: Math.max(1, number), end: read.end };
        return { ledger: new TicketLedger(place, opened), read };
      })
      .catch((cause) => {
        const why = `The ledger of '${head.queue}' in ${folder} cannot be opened: ${reasonOf(cause)}.`;
        throw new ThingError("RECORDING_FAILED", why, { cause });
      });
  }

  get path(): string {
    return join(this.#folder, nameOf(this.#head.queue, this.#number));
  }

  /** Why lines cannot be written now, in words; undefined while they can. */
  get failure(): string | undefined {
    return this.#failure;
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
    this.#end += bytes.length;
  }

  async #next({ sums, carried }: Exclude<Item, string>): Promise<void> {
    const next = nameOf(this.#head.queue, this.#number + 1);
    const path = join(this.#folder, next);
    const text = headLine(this.#head) + carried;
    await create(this.#folder, path, text); // whole before the old one is closed: a crash loses no open ticket
    const file = await open(path, "r+");
    await this.#append(Buffer.from(closedLine({ ...sums, next })));
    await this.#file.close();
    this.#file = file;
    this.#number += 1;
    this.#end = Buffer.byteLength(text);
    this.#announced += this.#end;
  }
}

function nameOf(queue: string, number: number): string {
  return number === 1 ? `${queue}${TICKETS_EXTENSION}` : `${queue}.${number}${TICKETS_EXTENSION}`;
}

/** The number of the newest ledger of a queue; 0 when there is none. */
async function newestOf(folder: string, queue: string): Promise<number> {
  const names = new Set(await readdir(folder));
  const numbers = [...names].flatMap((name) => {
    if (!name.startsWith(`${queue}.`) || !name.endsWith(TICKETS_EXTENSION)) return [];
    const number = name.slice(queue.length + 1, -TICKETS_EXTENSION.length);
    return /^\d+$/.test(number) ? [Number(number)] : [];
  });
  return Math.max(names.has(nameOf(queue, 1)) ? 1 : 0, ...numbers);
}

/** Makes a file that is there as a whole or not at all. */
async function create(folder: string, path: string, text: string): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w");
  try {
    await file.writeFile(text);
    await syncFile(file);
  } finally {
    await file.close();
  }
  await rename(draft, path);
  await syncFolder(folder);
}
