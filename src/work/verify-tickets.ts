import type { FileHandle } from "node:fs/promises";
import { reasonOf, ThingError } from "../base/errors.ts";
import { openRegular } from "../base/regular-file.ts";
import { type ReadTickets, readTickets } from "./read-tickets.ts";

/** How the name of a ledger of tickets ends. */
export const TICKETS_EXTENSION = ".tickets.jsonl";

/** What was found of a ledger of tickets. */
export interface TicketsVerdict {
  /** Whether every ticket has ended at most once, and the sums hold. */
  readonly ok: boolean;
  readonly sentence: string;
  readonly wanted: number;
  readonly done: number;
  readonly failed: number;
  readonly dropped: number;
  readonly open: number;
  /** Frames that never became tickets. */
  readonly missed: number;
}

/**
 * Counts the tickets of a ledger, each with its one end.
 * @throws {ThingError} `NOT_FOUND` when there is no such file.
 */
export async function verifyTickets(path: string): Promise<TicketsVerdict> {
  const file = await openFile(path);
  try {
    return verdictOn(path, await readTickets(file));
  } finally {
    await file.close();
  }
}

function openFile(path: string): Promise<FileHandle> {
  return openRegular(path, { follow: true }).catch((error) => {
    throw new ThingError("NOT_FOUND", `${path} cannot be read: ${reasonOf(error)}.`);
  });
}

function verdictOn(path: string, read: ReadTickets): TicketsVerdict {
  const { wanted, done, failed, dropped, open, missed } = read.counts;
  const sums = { wanted, done, failed, dropped, open, missed };
  const faults = faultsOf(read);
  const ok = faults.length === 0;
  if (!ok) return { ok, sentence: `${path}: ${faults.join(", ")}.`, ...sums };
  const equation = `${wanted} wanted = ${done} done + ${failed} failed + ${dropped} dropped + ${open} open`;
  const more = [
    ...(missed > 0 ? [`${missed} frames never became tickets`] : []),
    ...(read.torn > 0 ? ["its last line is being written, or was cut off"] : []),
  ];
  return { ok, sentence: `${[`${path}: ${equation}`, ...more].join("; ")}.`, ...sums };
}

/** What is wrong with a ledger, each in words. */
export function faultsOf({ head, counts, closed, ...read }: ReadTickets): string[] {
  if (!head) return ["it is not a ledger of tickets, or its first line is damaged"];
  const faults = [
    [read.twice, "ended twice"],
    [read.wantedTwice, "were wanted twice"],
    [read.neverWanted, "ended that were never wanted"],
    [read.strange, "lines are damaged"],
  ] as const;
  const told = faults.flatMap(([count, what]) => (count > 0 ? [`${count} ${what}`] : []));
  const keys = ["wanted", "done", "failed", "dropped", "open"] as const;
  const wrong = closed ? keys.filter((key) => closed[key] !== counts[key]) : [];
  return [
    ...told,
    ...wrong.map((key) => `its last line counts ${closed![key]} ${key}, its lines ${counts[key]}`),
  ];
}
