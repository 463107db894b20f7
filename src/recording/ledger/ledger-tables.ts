import { toDateTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { shellWord } from "../../base/preview.ts";
import { LEFT_OUT, type LedgerFrame, type LedgerNote, lossIn } from "./ledger.ts";
import type { LedgerLine } from "./ledger-parse.ts";
import { ledgerLines } from "./read-ledger.ts";
import { findLedger } from "./video-names.ts";

/** Lines of lost frames that go out at once. */
const LINES_AT_ONCE = 4000;

/**
 * The ledger of a recording as a table: a line for each frame, in the file or lost. It comes in parts, as the ledger is read.
 * @throws {ThingError} `NOT_FOUND` when it has no ledger.
 */
export async function* ledgerAsCsv(path: string): AsyncGenerator<Uint8Array> {
  const notes: LedgerNote[] = [];
  let zero: number | undefined;
  let text = "run,index,captured_at_ms,time,seconds,bytes,lost_because\r\n";
  for await (const lines of linesAt(path)) {
    for (const line of lines) {
      if (line.kind === "head") zero ??= line.head.timeZero;
      else if (line.kind === "note") notes.push(line.note);
      else if (line.kind === "frame") {
        zero ??= line.frame.capturedAt;
        text += row(line.frame, zero);
      }
    }
    yield Buffer.from(text);
    text = "";
  }
  let count = 0;
  for (const note of notes) {
    for (const line of lossRows(note)) {
      text += line;
      if (++count % LINES_AT_ONCE > 0) continue;
      yield Buffer.from(text);
      text = "";
    }
  }
  yield Buffer.from(text);
}

function row({ run, index, capturedAt, size }: LedgerFrame, zero: number): string {
  const seconds = ((capturedAt - zero) / 1000).toFixed(6);
  return `${run},${index},${capturedAt},${toDateTime(capturedAt)},${seconds},${size},\r\n`;
}

function* lossRows(note: LedgerNote): Generator<string> {
  if ("source" in note) {
    const { run, what, count, why } = note.source;
    const words = `${what} by the source${count ? `, ${count}` : ""}: ${why}`;
    yield `${run},,,,,,${quoted(words)}\r\n`;
  }
  const lost = lossIn(note);
  if (!lost) return;
  const { run, from, to, why } = lost;
  const reason = quoted(why === LEFT_OUT ? `left out on purpose: ${why}` : why);
  for (let index = from; index <= to; index++) yield `${run},${index},,,,,${reason}\r\n`;
}

/** The ledger of a recording as one JSON value, in parts. @throws {ThingError} `NOT_FOUND` when it has no ledger. */
export async function* ledgerAsJson(path: string): AsyncGenerator<Uint8Array> {
  const notes: LedgerNote[] = [];
  let head: object | undefined;
  let summary: unknown = null;
  let count = 0;
  let text = "";
  for await (const lines of linesAt(path)) {
    for (const line of lines) {
      if (line.kind === "head") head ??= line.head;
      else if (line.kind === "note") notes.push(line.note);
      else if (line.kind === "summary") summary = line.summary;
      else if (line.kind === "frame") {
        text += count++ === 0 ? opening(head) : ",";
        text += member(line.frame);
      }
    }
    yield Buffer.from(text);
    text = "";
  }
  if (count === 0) text = opening(head);
  yield Buffer.from(`${text}],"notes":[`);
  for (let at = 0; at < notes.length; at += LINES_AT_ONCE) {
    const some = notes.slice(at, at + LINES_AT_ONCE).map((note) => JSON.stringify(note));
    yield Buffer.from(`${at > 0 ? "," : ""}${some.join(",")}`);
  }
  yield Buffer.from(`],"summary":${JSON.stringify(summary)}}\n`);
}

function opening(head: object = {}): string {
  const members = JSON.stringify(head).slice(0, -1);
  return `${members}${members === "{" ? "" : ","}"frames":[`;
}

function member({ run, index, capturedAt, size, crc, originIndex }: LedgerFrame): string {
  return JSON.stringify({ run, index, capturedAt, size, crc, originIndex });
}

async function* linesAt(path: string): AsyncGenerator<LedgerLine[]> {
  let isThere = false;
  for await (const lines of ledgerLines(await findLedger(path))) {
    isThere = true;
    if (lines.length > 0) yield lines;
  }
  if (isThere) return;
  throw new ThingError(
    "NOT_FOUND",
    `${path} has no ledger. To make one without identities, run: thingscope repair ${shellWord(path)}`,
  );
}

/** @see RFC 4180 */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
