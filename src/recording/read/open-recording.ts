import { type FileHandle, realpath } from "node:fs/promises";
import { openRegular } from "../../base/regular-file.ts";
import { type Ledger, readLedger } from "../ledger/read-ledger.ts";
import { findLedger } from "../ledger/video-names.ts";
import { cuesOf } from "../matroska/cues.ts";
import { read } from "../matroska/file-bytes.ts";
import { type ClusterPlace, TICKS_PER_MS } from "../matroska/matroska.ts";
import type { FileHead } from "../matroska/matroska-head.ts";
import { type Block, headOf, scan } from "../matroska/scan.ts";

/** A frame of a recording. */
export interface RecordedFrame {
  /** Identity in the stream that it was recorded from; undefined when there is no ledger. */
  readonly run: string | undefined;
  readonly index: number | undefined;
  /** Epoch ms; exact to 0.05 ms without a ledger. */
  readonly capturedAt: number;
  readonly jpeg: Uint8Array;
}

/**
 * Opens a recording for reading, also one that is being written or was not closed.
 * @throws {ThingError} `BAD_RECORDING` when the file is none.
 */
export async function openRecording(path: string): Promise<Recording> {
  const file = await openRegular(path, { follow: true });
  try {
    const head = await headOf(file);
    const clusters = (await cuesOf(file, head)) ?? (await clustersOf(file, head));
    return new Recording(
      file,
      head,
      clusters,
      await readLedger(await findLedger(await realpath(path))),
    );
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A recording that is open for reading: `await using video = await openRecording(path)`. */
export class Recording implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #head: FileHead;
  readonly #clusters: readonly ClusterPlace[];
  readonly #ledger: Ledger | undefined;

  constructor(
    file: FileHandle,
    head: FileHead,
    clusters: readonly ClusterPlace[],
    ledger: Ledger | undefined,
  ) {
    this.#file = file;
    this.#head = head;
    this.#clusters = clusters;
    this.#ledger = ledger;
  }

  /** Pixels of the first frame, time 0 of the file, and its tags. */
  get info(): FileHead["info"] {
    return this.#head.info;
  }

  /** How it went; undefined when it was not closed, or has no ledger. */
  get summary(): Ledger["summary"] {
    return this.#ledger?.summary;
  }

  /** Frames in order, from the first captured at `from`, epoch ms, or later, to the last captured before `to`. */
  async *frames({
    from = Number.NEGATIVE_INFINITY,
    to = Number.POSITIVE_INFINITY,
  }: {
    from?: number;
    to?: number;
  } = {}): AsyncGenerator<RecordedFrame, void> {
    for await (const block of this.#blocksFrom(from)) {
      const identity = this.#identityOf(block);
      if (identity.capturedAt >= to) return;
      if (identity.capturedAt < from) continue;
      yield { ...identity, jpeg: await read(this.#file, block.offset, block.size) };
    }
  }

  /** The frame that was the newest at a time, epoch ms; undefined before the first. */
  async frameAt(time: number): Promise<RecordedFrame | undefined> {
    let found: Block | undefined;
    for await (const block of this.#blocksFrom(time)) {
      if (this.#identityOf(block).capturedAt > time) break;
      found = block;
    }
    if (!found) return undefined;
    return {
      ...this.#identityOf(found),
      jpeg: await read(this.#file, found.offset, found.size),
    };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async *#blocksFrom(time: number): AsyncGenerator<Block> {
    const tick = (time - this.#head.info.timeZero) * TICKS_PER_MS;
    const n = lastAtMost(this.#clusters.length, tick - 1, (place) => this.#clusters[place]!.tick); // a frame's tick is rounded
    const at = this.#clusters[Math.max(0, n)]?.at ?? this.#head.clustersAt;
    for await (const part of scan(this.#file, at)) if (part.kind === "block") yield part;
  }

  #identityOf({ offset, size, tick }: Block): Omit<RecordedFrame, "jpeg"> {
    const frames = this.#ledger?.frames;
    const n = lastAtMost(frames?.length ?? 0, offset, (place) => frames!.offsetAt(place));
    const listed = n < 0 ? undefined : frames?.at(n);
    if (listed?.offset === offset && listed.size === size && listed.run !== "") {
      return { run: listed.run, index: listed.index, capturedAt: listed.capturedAt };
    }
    const capturedAt = this.#head.info.timeZero + tick / TICKS_PER_MS;
    return { run: undefined, index: undefined, capturedAt };
  }
}

async function clustersOf(file: FileHandle, { clustersAt }: FileHead): Promise<ClusterPlace[]> {
  const clusters: ClusterPlace[] = [];
  for await (const part of scan(file, clustersAt)) if (part.kind === "cluster") clusters.push(part);
  return clusters;
}

/** The last of `count` places whose key is at most `limit`; -1 when all are greater. */
function lastAtMost(count: number, limit: number, keyOf: (place: number) => number): number {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keyOf(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
