import { ThingError } from "../../base/errors.ts";
import { VOID } from "./ebml.ts";
import { type BlockElement, type ClusterElement, clusterHeadOf, voidHead } from "./elements.ts";
import { blockHead, CLUSTER_HEAD_BYTES, type ClusterPlace, type Patch } from "./matroska.ts";

/** A cluster, and how many bytes its head says that it has. */
interface SizedCluster extends ClusterPlace {
  /** Where its first block begins. */
  readonly end: number;
  /** Infinity while it was not known; NaN when its head is to be written. */
  readonly size: number;
}

/** Where the time of a block, and of a cluster whose head ends there, stand. */
const BLOCK_TIME_AT = 6;
const CLUSTER_TIME_BYTES = 8;
const [LEAST_AFTER, MOST_AFTER] = [-32_768, 32_767];

/** The structure of a file as it should be, and what has to be written over for that. */
export class Structure {
  readonly clusters: SizedCluster[] = [];
  readonly patches: Patch[] = [];
  #hidden: { readonly at: number; readonly end: number } | undefined;
  /** How often something was wrong but a frame's own bytes. */
  faults = 0;

  begin({ at, end, tick, size }: ClusterElement): void {
    this.clusters.push({ at, end, tick, size });
  }

  /** Lets players pass over a block: one byte of it changes. */
  hide({ at, end }: BlockElement): void {
    this.patches.push({ at, bytes: Buffer.of(VOID) });
    this.#hidden = { at, end };
  }

  /** Where to begin to hide what the disk cannot read from a place on: with the block before it, if that is hidden, whose head it can. */
  readableStart(at: number): number {
    if (this.#hidden?.end !== at) return at;
    this.patches.pop();
    return this.#hidden.at;
  }

  /** The tick of a block; undefined when no cluster has begun. */
  tickOf({ after }: BlockElement): number | undefined {
    const cluster = this.clusters.at(-1);
    return cluster && cluster.tick + after;
  }

  /** Whether the time of a block is what it was: the head of its cluster is, or was written for it. */
  hasOwnTime({ at }: BlockElement): boolean {
    const cluster = this.clusters.at(-1);
    return cluster === undefined || !Number.isNaN(cluster.size) || cluster.end === at;
  }

  /** Gives a block another time. */
  setTick(block: BlockElement, tick: number): void {
    const cluster = this.clusters.at(-1)!;
    this.faults += 1;
    const after = tick - cluster.tick;
    const isClustersFault = cluster.end === block.at && block.after === 0;
    if (!isClustersFault && isNear(after)) {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(after);
      this.patches.push({ at: block.at + BLOCK_TIME_AT, bytes });
      return;
    }
    const bytes = Buffer.alloc(CLUSTER_TIME_BYTES);
    bytes.writeBigUInt64BE(BigInt(Math.max(0, tick - block.after)));
    this.patches.push({ at: cluster.end - CLUSTER_TIME_BYTES, bytes });
    this.clusters[this.clusters.length - 1] = { ...cluster, tick: tick - block.after };
  }

  /** Lets players pass over what stands between two places, up to a cluster. */
  bridgeToCluster(from: number, to: number): void {
    this.faults += 1;
    this.#void(from, to);
  }

  /**
   * Lets players pass over what stands from a place up to a block. A cluster begins before it where one may have begun in between.
   * @param after - What the block's head says; absent when that has to be written, too, for a JPEG of `size` bytes.
   */
  bridgeToBlock(from: number, block: { at: number; size: number; tick: number; after?: number }) {
    this.faults += 1;
    const { at, size, tick } = block;
    const room = at - from;
    const own = room === CLUSTER_HEAD_BYTES + 1 ? room : CLUSTER_HEAD_BYTES;
    let base = this.clusters.at(-1)?.tick;
    if (room >= CLUSTER_HEAD_BYTES) {
      base = Math.max(0, tick - (block.after ?? 0));
      const begins = at - own;
      this.#void(from, begins);
      this.patches.push({ at: begins, bytes: clusterHeadOf(base, own) });
      this.clusters.push({ at: begins, end: at, tick: base, size: Number.NaN });
    } else this.#void(from, at);
    if (block.after !== undefined) return;
    const after = base === undefined ? Number.NaN : tick - base;
    if (!isNear(after)) throw hopeless(at);
    this.patches.push({ at, bytes: blockHead(after, size) });
  }

  /** Forgets what stands from a place on: it is cut off. */
  cutTo(end: number): void {
    while ((this.clusters.at(-1)?.at ?? 0) >= end) this.clusters.pop();
    const kept = this.patches.filter(({ at }) => at < end);
    this.patches.splice(0, this.patches.length, ...kept);
  }

  #void(from: number, to: number): void {
    if (from === to) return;
    if (to - from === 1) throw hopeless(from);
    this.patches.push({ at: from, bytes: voidHead(to - from) });
  }
}

function isNear(after: number): boolean {
  return after >= LEAST_AFTER && after <= MOST_AFTER;
}

function hopeless(at: number): ThingError {
  const why = `The file is damaged at byte ${at} and has no room there for what must replace the damage. It was left unchanged: copy it, and export the copy with ffmpeg.`;
  return new ThingError("BAD_RECORDING", why);
}
