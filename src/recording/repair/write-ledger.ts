import { open } from "node:fs/promises";
import { writeAll } from "../files/recording-files.ts";
import { frameLine, type LedgerHead, noteLine, type RecordingSummary } from "../ledger/ledger.ts";
import type { Ledger } from "../ledger/read-ledger.ts";

/** All that a ledger says, once it is closed. */
export interface ClosedLedger extends Pick<Ledger, "frames" | "notes"> {
  readonly head: LedgerHead;
  readonly summary: RecordingSummary;
}

/** Lines that are written in one turn of the event loop. */
const LINES_AT_ONCE = 4000;

/** Writes a ledger to a file of its own, whatever was there. When it resolves, it is on the disk. */
export async function writeLedger(path: string, ledger: ClosedLedger): Promise<void> {
  const file = await open(path, "w");
  try {
    let end = 0;
    for (const text of partsOf(ledger)) {
      const bytes = Buffer.from(text);
      await writeAll(file, [bytes], end);
      end += bytes.length;
    }
    await file.datasync();
  } finally {
    await file.close();
  }
}

function* partsOf({ head, frames, notes, summary }: ClosedLedger): Generator<string> {
  let text = noteLine(head);
  let next = 0;
  for (let n = 0; n <= frames.length; n++) {
    for (; notes[next] && notes[next]!.after <= n; next++) text += noteLine(notes[next]!.note);
    if (n < frames.length) text += frameLine(frames.at(n)!);
    if ((n + next) % LINES_AT_ONCE > 0) continue;
    yield text;
    text = "";
  }
  for (const { note } of notes.slice(next)) text += noteLine(note);
  yield text + noteLine({ summary });
}
