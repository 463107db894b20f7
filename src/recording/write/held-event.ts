import type { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import type { ContinuousSummary } from "./continuous-options.ts";
import type { EventFile } from "./event-file.ts";

/** An event that goes on until somebody ends it: its files, oldest first. */
export class HeldEvent {
  readonly #files: EventFile[] = [];

  /** Whether this file is one of its own. */
  has(file: EventFile | undefined): boolean {
    return file !== undefined && this.#files.includes(file);
  }

  /** Why it takes no more frames, though nobody has ended it: what its disk says. */
  get failure(): string | undefined {
    const newest = this.#files.at(-1);
    return newest?.failed ? newest.writer.endReason : undefined;
  }

  add(file: EventFile): void {
    this.#files.push(file);
  }

  /** How it went, once all files are closed: those that came to nothing are left out, as the log says. */
  async summary(): Promise<ContinuousSummary> {
    const files: { path: string; summary: Awaited<EventFile["finished"]> }[] = [];
    for (const { finished, writer, path } of this.#files) {
      const summary = await finished.catch(() => undefined);
      if (summary) files.push({ path: writer.conversion?.path ?? (await path), summary });
    }
    const sum = (of: (summary: Awaited<EventFile["finished"]>) => number) =>
      files.reduce((all, { summary }) => all + of(summary), 0);
    const [captured, written] = [sum((one) => one.captured), sum((one) => one.written)];
    const dropped = captured - written - sum(({ leftOut = 0 }) => leftOut);
    const ended = files.at(-1)?.summary.ended ?? "its file could not be made";
    return { ended, captured, written, dropped, files };
  }
}

/** A recorder's wish for frames: always, or only while it records. */
export class RecorderDemand {
  readonly #stream: MJPEGStream;
  readonly #isAlways: boolean;
  #end: (() => void) | undefined;

  constructor(stream: MJPEGStream, isAlways: boolean) {
    this.#stream = stream;
    this.#isAlways = isAlways;
    if (isAlways) this.want();
  }

  /** Something is recorded. */
  want(): void {
    this.#end ??= this.#stream.demand.take();
  }

  /** Nothing is recorded any more. */
  relax(): void {
    if (!this.#isAlways) this.end();
  }

  /** The recorder ends. */
  end(): void {
    this.#end?.();
    this.#end = undefined;
  }
}
