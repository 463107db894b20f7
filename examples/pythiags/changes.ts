// What looks at frames, and what takes what it finds, for:
//   npx thingscope launch --file=examples/pythiags/ball.gstp --motion=sweep
//     --ext=./examples/pythiags/changes.ts:Changes --proc=./examples/pythiags/changes.ts:ChangesFile
import type { Frame } from "thingscope";
import { LogFileWriter, Producer } from "thingscope/pythiags";

/** A frame whose JPEG is much larger, or smaller, than those before it. */
export interface Change {
  readonly index: number;
  readonly bytes: number;
  /** The mean of the frames before. */
  readonly usual: number;
}

/** Finds frames in which something has changed, by their size alone: that needs no decoding, and is quick enough. */
export class Changes extends Producer<Change> {
  #usual: number | undefined;

  override *extractMetadata({ index, jpeg: { length: bytes } }: Frame): Generator<Change> {
    const usual = this.#usual ?? bytes;
    this.#usual = usual + (bytes - usual) / 10;
    if (Math.abs(bytes - usual) > usual / 100) yield { index, bytes, usual };
  }
}

/** Writes changes to changes.jsonl, a line each. */
export class ChangesFile extends LogFileWriter<Change> {
  constructor() {
    super("changes.jsonl");
  }
}
