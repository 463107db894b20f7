import type { FileHandle } from "node:fs/promises";
import { isUnreadable, PIECE_BYTES, read } from "../matroska/file-bytes.ts";

/** A line of a ledger, as bytes were read. */
interface RawLine {
  /** Without its end. */
  readonly text: string;
  /** Where it begins in the file. */
  readonly at: number;
  /** Where the next one begins. */
  readonly end: number;
}

/** What is read and parsed in one turn of the event loop: about 2000 lines, some 5 ms. */
const CHUNK_BYTES = 128 * 1024;
/** More bytes than any line has. What is longer is no line, but a hole in the file. */
const LONGEST_LINE = 16 * 2 ** 20;
const NEWLINE = 10;

/**
 * The lines of a file, some thousand at a time. Zeros end a line as a line's end does: they are what a disk has lost. Bytes that it
 * cannot read count as such.
 */
export async function* linesOf(file: FileHandle): AsyncGenerator<RawLine[]> {
  const { size } = await file.stat();
  let rest: Buffer = Buffer.alloc(0);
  let at = 0; // where `rest` begins
  for (let position = 0; position < size; ) {
    const bytes = await readWithHoles(file, position, Math.min(CHUNK_BYTES, size - position));
    if (bytes.length === 0) break;
    position += bytes.length;
    const known = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    const lines: RawLine[] = [];
    const hasZeros = known.includes(0);
    let from = 0;
    for (let end = endOfLine(known, from); end > 0; end = endOfLine(known, from)) {
      if (hasZeros) pushSplit(lines, known, from, end, at);
      else lines.push(lineIn(known, from, end, at, true));
      from = end;
    }
    rest = known.subarray(from);
    at += from;
    if (rest.length > LONGEST_LINE) {
      lines.push({ text: "", at, end: at + rest.length });
      at += rest.length;
      rest = Buffer.alloc(0);
    }
    yield lines;
  }
  if (rest.length > 0) yield [lineIn(rest, 0, rest.length, at, false)];
}

/** Where the line after this one begins; 0 when this one does not end here. */
function endOfLine(bytes: Buffer, from: number): number {
  return bytes.indexOf(NEWLINE, from) + 1;
}

/** One line, or several with zeros between them. */
function pushSplit(lines: RawLine[], bytes: Buffer, from: number, end: number, at: number): void {
  let begin = from;
  for (let zero = zeroIn(bytes, begin, end); zero >= 0; zero = zeroIn(bytes, begin, end)) {
    let next = zero;
    while (bytes[next] === 0) next++;
    lines.push({ ...lineIn(bytes, begin, zero, at, false), end: at + next });
    begin = next;
  }
  lines.push(lineIn(bytes, begin, end, at, true));
}

function zeroIn(bytes: Buffer, from: number, end: number): number {
  const zero = bytes.subarray(from, end).indexOf(0);
  return zero < 0 ? -1 : from + zero;
}

function lineIn(bytes: Buffer, from: number, end: number, at: number, isEnded: boolean): RawLine {
  const text = bytes.toString("utf8", from, isEnded ? end - 1 : end);
  return { text, at: at + from, end: at + end };
}

/** Zeros stand for what the disk cannot read. */
async function readWithHoles(file: FileHandle, at: number, length: number): Promise<Buffer> {
  try {
    return await read(file, at, length);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    const bytes = Buffer.alloc(length);
    for (let from = 0; from < length; from += PIECE_BYTES) {
      const piece = await read(file, at + from, Math.min(PIECE_BYTES, length - from)).catch(
        () => undefined,
      );
      piece?.copy(bytes, from);
    }
    return bytes;
  }
}
