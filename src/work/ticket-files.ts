import { type FileHandle, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { openRegular } from "../base/regular-file.ts";
import { syncFile, syncFolder } from "../base/sync-folder.ts";
import { type ReadTickets, readTickets } from "./read-tickets.ts";
import { headLine, type TicketsHead, wantedLine } from "./ticket-lines.ts";
import { faultsOf, TICKETS_EXTENSION } from "./verify-tickets.ts";

/** The file to which the ledger of a queue goes on. */
export interface OpenedTickets {
  readonly file: FileHandle;
  readonly number: number;
  /** What it says, and which tickets have ended, also in the file before that is left. */
  readonly read: ReadTickets;
  /** Why the newest file was left as it is, in words. */
  readonly left?: string;
}

/** What the file of that number is called, from 1. */
export function ticketsName(queue: string, number: number): string {
  return number === 1 ? `${queue}${TICKETS_EXTENSION}` : `${queue}.${number}${TICKETS_EXTENSION}`;
}

/**
 * Opens the newest file of a queue, or makes the first. One that is damaged or closed is left as it is: the next goes on with its open
 * tickets. A line that a crash has cut off is removed.
 */
export async function openNewest(folder: string, head: TicketsHead): Promise<OpenedTickets> {
  const newest = await newestOf(folder, head.queue);
  if (newest === 0) return made(folder, head, 1);
  const path = join(folder, ticketsName(head.queue, newest));
  const file = await openRegular(path, { write: true });
  try {
    const read = await readTickets(file);
    const fault = faultsOf(read).join(", ");
    if (fault === "" && !read.closed) {
      await file.truncate(read.end);
      return { file, number: newest, read };
    }
    const next = await made(folder, head, newest + 1, read);
    await file.close();
    return { ...next, left: `${path} is left as it is: ${fault || "it is closed"}.` };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function made(
  folder: string,
  head: TicketsHead,
  number: number,
  before?: ReadTickets,
): Promise<OpenedTickets> {
  const path = join(folder, ticketsName(head.queue, number));
  const carried = [...(before?.open.values() ?? [])].map((ticket) => wantedLine(ticket, true));
  const file = await createWhole(folder, path, headLine(head) + carried.join(""));
  const read = await readTickets(file);
  return { file, number, read: before ? { ...read, ended: before.ended } : read };
}

/** The number of the newest file of a queue; 0 when there is none. */
async function newestOf(folder: string, queue: string): Promise<number> {
  const names = new Set(await readdir(folder));
  const numbers = [...names].flatMap((name) => {
    if (!name.startsWith(`${queue}.`) || !name.endsWith(TICKETS_EXTENSION)) return [];
    const number = name.slice(queue.length + 1, -TICKETS_EXTENSION.length);
    return /^\d+$/.test(number) ? [Number(number)] : [];
  });
  return Math.max(names.has(ticketsName(queue, 1)) ? 1 : 0, ...numbers);
}

/** Makes a file that is there as a whole or not at all, and opens it. */
export async function createWhole(
  folder: string,
  path: string,
  content: string | Uint8Array,
): Promise<FileHandle> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w+");
  try {
    await file.writeFile(content);
    await syncFile(file);
    await rename(draft, path);
    await syncFolder(folder);
    return file;
  } catch (error) {
    await file.close();
    throw error;
  }
}
