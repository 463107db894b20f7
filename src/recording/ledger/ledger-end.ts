import type { FileHandle } from "node:fs/promises";
import { read } from "../matroska/file-bytes.ts";
import { parseLine } from "./ledger-parse.ts";

/** A summary names each reason for a loss and each step of the clock: it is seldom longer, and no note of an export is. */
export const TAIL_BYTES = 64 * 1024;
/** How much is looked at in one turn of the event loop where junk stands at the end. */
const MORE_BYTES = 1 << 20;
const NOTES = ["exporting", "exported", "notExported"].map((name) => `{"${name}":`);

/** The last lines of a ledger, whole ones among them. What is no line and stands behind them is passed over, however much that is. */
export async function lastLines(ledger: FileHandle): Promise<string[]> {
  const { size } = await ledger.stat();
  for (let [end, length] = [size, TAIL_BYTES]; ; length = MORE_BYTES) {
    const from = Math.max(0, end - length);
    const lines = (await read(ledger, from, end - from)).toString("utf8").split("\n");
    const whole = from === 0 ? lines : lines.slice(1);
    if (from === 0 || whole.some((line) => parseLine(line))) return whole;
    end = Math.min(size, from + TAIL_BYTES); // a line may begin in one piece and end in the next
  }
}

/** Where the next line of a closed ledger goes, and what has to stand before it. */
interface NextLine {
  readonly at: number;
  readonly before: "" | "\n";
}

/** Behind the last whole line, whether that has its end or not. A note that a power cut has torn is replaced, and nothing else. */
export async function nextLineIn(ledger: FileHandle): Promise<NextLine> {
  const { size } = await ledger.stat();
  const from = Math.max(0, size - TAIL_BYTES);
  const tail = await read(ledger, from, size - from);
  const last = tail.lastIndexOf("\n") + 1;
  if (last === tail.length) return { at: size, before: "" };
  const isTorn = last > 0 && isTornNote(tail.toString("utf8", last));
  return isTorn ? { at: from + last, before: "" } : { at: size, before: "\n" };
}

/** Whether bytes that are no line can be what a power cut has left of the note of an export: its beginning, or nothing where it was to stand. */
export function isTornNote(text: string, bytes = text.length): boolean {
  if (bytes > TAIL_BYTES || parseLine(text)) return false;
  const begins = text.replace(/[\0\n]+$/, "");
  return NOTES.some((note) => note.startsWith(begins) || begins.startsWith(note));
}
