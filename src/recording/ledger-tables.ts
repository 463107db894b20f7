import { toDateTime } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { LEFT_OUT, type Ledger, ledgerPathOf, readLedger } from "./ledger.ts";

/**
 * The ledger of a recording as a table: a line for each frame, in the file or lost.
 * @throws {ThingError} `NOT_FOUND` when it has no ledger.
 */
export async function ledgerAsCsv(path: string): Promise<Uint8Array> {
  const { frames, notes, head } = await ledgerOf(path);
  const zero = head?.timeZero ?? frames[0]?.capturedAt ?? 0;
  const lines = ["run,index,captured_at_ms,time,seconds,bytes,lost_because"];
  for (const { run, index, capturedAt, size } of frames) {
    const seconds = ((capturedAt - zero) / 1000).toFixed(6);
    lines.push(`${run},${index},${capturedAt},${toDateTime(capturedAt)},${seconds},${size},`);
  }
  for (const { note } of notes) {
    if ("source" in note) {
      const { run, what, count, why } = note.source;
      lines.push(
        `${run},,,,,,${quoted(`${what} by the source${count ? `, ${count}` : ""}: ${why}`)}`,
      );
    }
    if (!("dropped" in note)) continue;
    const { run, from, to, why } = note.dropped;
    const reason = quoted(why === LEFT_OUT ? `left out on purpose: ${why}` : why);
    for (let index = from; index <= to; index++) lines.push(`${run},${index},,,,,${reason}`);
  }
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}

/** The ledger of a recording as one JSON value. @throws {ThingError} `NOT_FOUND` when it has no ledger. */
export async function ledgerAsJson(path: string): Promise<Uint8Array> {
  const { head, frames, notes, summary } = await ledgerOf(path);
  const value = {
    ...head,
    frames: frames.map(({ run, index, capturedAt, size, crc }) => ({
      run,
      index,
      capturedAt,
      size,
      crc,
    })),
    notes: notes.map(({ note }) => note),
    summary: summary ?? null,
  };
  return Buffer.from(`${JSON.stringify(value)}\n`);
}

async function ledgerOf(path: string): Promise<Ledger> {
  const ledger = await readLedger(ledgerPathOf(path));
  if (ledger) return ledger;
  throw new ThingError(
    "NOT_FOUND",
    `${path} has no ledger. Without its identities, make one: thingscope repair ${path}`,
  );
}

/** @see RFC 4180 */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
