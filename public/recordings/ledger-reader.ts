import type { PlacedFrame } from "./frame-table.ts";

/** No line of a ledger is longer: what is, is damage. */
const LONGEST_LINE = 1024 * 1024;

/** Reads a ledger (docs/recording-format.md) as it comes: also one that is being written, whose last line is torn. */
export class LedgerReader {
  readonly #onFrame: (frame: PlacedFrame) => void;
  readonly #words = new TextDecoder();
  #rest = "";
  /** Whether it says how the recording ended. */
  isClosed = false;

  constructor(onFrame: (frame: PlacedFrame) => void) {
    this.#onFrame = onFrame;
  }

  /** Takes the next bytes of the file. */
  take(bytes: Uint8Array): void {
    const lines = (this.#rest + this.#words.decode(bytes, { stream: true })).split("\n");
    this.#rest = lines.pop()!.slice(0, LONGEST_LINE);
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line.startsWith('{"summary"')) this.isClosed = true;
    if (!line.startsWith("[")) return;
    const frame = frameIn(line);
    if (frame) this.#onFrame(frame);
  }
}

function frameIn(line: string): PlacedFrame | undefined {
  try {
    const [run, index, capturedAt, offset, size] = JSON.parse(line) as unknown[];
    const numbers = [index, capturedAt, offset, size];
    if (typeof run !== "string" || !numbers.every(Number.isFinite)) return undefined;
    const identity = run === "" ? {} : { run, index: Number(index) };
    return {
      ...{ capturedAt: Number(capturedAt), offset: Number(offset), size: Number(size) },
      ...identity,
    };
  } catch {
    return undefined; // damaged
  }
}
