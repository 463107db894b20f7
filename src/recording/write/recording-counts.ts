import type { RecordingSummary } from "../ledger/ledger.ts";

/** More reasons than this are counted as one: they may have numbers in them. */
const MOST_REASONS = 32;
const OTHERS = "other reasons, which the ledgers give";
/** Why frames are lost whose file never was. */
export const NO_FILE = "its file could not be made";

/** What has become of the frames of a file so far. */
interface FileCounts {
  readonly written: number;
  /** Frames that were lost, by reason. */
  readonly lost: ReadonlyMap<string, number>;
}

/** A file that is written now. */
export interface GoingFile extends FileCounts {
  /** Where it is; where it was to be, until it is there. */
  readonly path: string;
  /** Capture times of its first frame and of the newest one that was written, epoch ms. */
  readonly first: number | undefined;
  readonly last: number | undefined;
  readonly bytes: number;
}

const counted = new WeakMap<object, RecordingCounts>();

/** What somebody has recorded and lost, in all of its files together, also those that it writes now. It never goes down. */
export class RecordingCounts {
  exportsFailed = 0;
  #recorded = 0;
  readonly #lost = new Map<string, number>();
  /** Files that are written now. */
  readonly #going = new Set<() => GoingFile>();
  #most = 0;

  /** Those of a Thing, where it has any. */
  static of(owner: object): RecordingCounts | undefined {
    return counted.get(owner);
  }

  /** @param owner - Whose they are: `/metrics` has them under its name. */
  constructor(owner?: object) {
    if (owner) counted.set(owner, this);
  }

  /** Frames that were written to files. */
  get recorded(): number {
    const going = [...this.#going].reduce((sum, now) => sum + now().written, this.#recorded);
    this.#most = Math.max(this.#most, going); // the last frame of a full disk leaves its file again
    return this.#most;
  }

  /** The files that are written now, the one begun last at the end. */
  get going(): GoingFile[] {
    return [...this.#going].map((now) => now());
  }

  /** Frames that were lost, by reason as the ledgers have it. */
  get lost(): ReadonlyMap<string, number> {
    const lost = new Map(this.#lost);
    for (const now of this.#going) for (const [why, count] of now().lost) add(lost, why, count);
    return lost;
  }

  /** Counts what becomes of a file's frames, while it is written and afterwards. */
  follow(now: () => GoingFile, ended: Promise<RecordingSummary>): void {
    this.#going.add(now);
    const over = (written: number, lost: Iterable<readonly [string, number]>) => {
      this.#going.delete(now);
      this.#recorded += written;
      for (const [why, count] of lost) this.lose(why, count);
    };
    ended.then(
      // Frames of a file that was removed were recorded, and are lost.
      ({ written, dropped }) => over(Math.max(written, now().written), Object.entries(dropped)),
      () => over(now().written, now().lost),
    );
  }

  lose(why: string, count: number): void {
    add(this.#lost, why, count);
  }

  /** What a file's account has grown by since it was closed. */
  late(before: RecordingSummary, { dropped }: RecordingSummary): void {
    for (const [why, count] of Object.entries(dropped)) {
      this.lose(why, count - (before.dropped[why] ?? 0));
    }
  }
}

function add(counts: Map<string, number>, why: string, count: number): void {
  if (count <= 0) return;
  const key = counts.has(why) || counts.size < MOST_REASONS ? why : OTHERS;
  counts.set(key, (counts.get(key) ?? 0) + count);
}
