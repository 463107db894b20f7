import type { FileHandle } from "node:fs/promises";
import { crc32 } from "../../base/crc32.ts";
import type { LedgerFrame } from "../ledger/ledger.ts";
import { LedgerFrames } from "../ledger/ledger-frames.ts";
import { type PlacedLedger, withoutDoubles } from "../ledger/placed-ledger.ts";
import { ByteWindow } from "../matroska/byte-window.ts";
import type { BlockElement, Element } from "../matroska/elements.ts";
import { PIECE_BYTES } from "../matroska/file-bytes.ts";
import { BLOCK_HEAD_BYTES, CLUSTER_HEAD_BYTES, TICKS_PER_MS } from "../matroska/matroska.ts";
import { nextTick, tickOf } from "../matroska/matroska-mjpeg.ts";
import { Structure } from "../matroska/structure.ts";
import { isWholePicture } from "../matroska/whole-picture.ts";
import { canRead, elementAfter, elementAt, isThere, whyDamaged } from "./file-look.ts";
import { recoveredTick } from "./lost-cluster.ts";
import type { Survey } from "./surveyed.ts";

/** What a survey goes by. */
interface SurveyOptions {
  readonly file: FileHandle;
  /** Bytes of the file. */
  readonly size: number;
  readonly clustersAt: number;
  /** Epoch ms of the file's time 0. */
  readonly timeZero: number;
  readonly ledger: PlacedLedger;
  /** False: frames that have their place are taken to be whole. They were read before, and nothing has been written to them since. */
  readonly readsFrames?: boolean;
  /** Of the time for which the disk is asked: 1. */
  readonly share?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told how much of the file has been read, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
}

const MANY_BYTES = 1 << 20;
/** Damage of fewer bytes than this holds no frame: it is the head of one, and of a cluster. */
const HEAD_BYTES = CLUSTER_HEAD_BYTES + BLOCK_HEAD_BYTES;

/**
 * Compares a file with its ledger, element by element. Behind what is damaged it goes on with the next frame that is where the ledger
 * says, or with the next cluster or block that is one.
 */
export function survey(options: SurveyOptions): Promise<Survey> {
  return new Surveyor(options).run();
}

class Surveyor {
  readonly #window: ByteWindow;
  readonly #options: SurveyOptions;
  readonly #listed: LedgerFrames;
  readonly #structure = new Structure();
  readonly #kept = new LedgerFrames();
  readonly #unlisted: number[] = [];
  readonly #damage: { at: number; end: number; why: string; frames: LedgerFrame[] }[] = [];
  /** Frames that are not where their lines say. */
  #astray: LedgerFrame[];
  /** The first listed frame that nothing was found of yet. */
  #next = 0;
  /** Of the newest frame. */
  #tick = -1;
  #period = 0;
  /** Of its cluster, also where that has another head now. */
  #cluster = 0;
  #corrected: number;

  constructor(options: SurveyOptions) {
    const { file, size, ledger, readsFrames = true, share } = options;
    this.#options = options;
    this.#window = new ByteWindow(file, size, readsFrames ? MANY_BYTES : PIECE_BYTES, share);
    this.#listed = ledger.frames;
    this.#astray = [...ledger.astray];
    this.#corrected = ledger.corrected;
  }

  async run(): Promise<Survey> {
    let at: number | undefined = this.#options.clustersAt;
    let cuesAt: number | undefined;
    while (at !== undefined && at < this.#window.size) {
      this.#options.signal?.throwIfAborted();
      this.#options.onProgress?.(at / this.#window.size);
      const element = await elementAt(this.#window, at);
      if (element?.kind === "cues" && !(await this.#nextWhole(at))) cuesAt = at;
      if (cuesAt !== undefined) break;
      at = (element && (await this.#take(element))) ?? (await this.#behindDamage(at));
    }
    this.#passUpTo(Number.POSITIVE_INFINITY);
    const missing = withoutDoubles(this.#astray, this.#kept);
    return {
      kept: this.#kept,
      unlisted: this.#unlisted,
      structure: this.#structure,
      damage: this.#damage,
      missing,
      corrected: this.#corrected + this.#astray.length - missing.length,
      cuesAt,
    };
  }

  /** @returns where the next element begins; undefined when this is none, whatever it looks like. */
  async #take(element: Element): Promise<number | undefined> {
    if (element.kind === "cluster") {
      this.#structure.begin(element);
      this.#cluster = element.tick;
    } else if (element.kind === "block") return this.#takeBlock(element);
    else if (element.kind === "void") return this.#takeVoid(element);
    else return undefined; // cues that do not end the file
    return element.end;
  }

  async #takeVoid({ at, end }: Element): Promise<number | undefined> {
    const first = this.#listed.at(this.#next);
    const hidesAny = first !== undefined && first.offset < end;
    if (hidesAny && (await isThere(this.#window, first))) return undefined;
    if (hidesAny) await this.#damaged(at, end);
    return end;
  }

  async #takeBlock(block: BlockElement): Promise<number | undefined> {
    if (this.#structure.tickOf(block) === undefined) return undefined;
    this.#passUpTo(block.offset);
    const listed = this.#listed.at(this.#next);
    if (listed?.offset === block.offset && listed.size === block.size) {
      const isWhole = this.#options.readsFrames === false || (await isThere(this.#window, listed));
      if (isWhole) this.#keepListed(listed, block);
      else await this.#hide(block);
      return block.end;
    }
    const overlaps = listed !== undefined && listed.offset < block.end;
    if (overlaps && (await isThere(this.#window, listed))) return undefined;
    const jpeg = await this.#window.at(block.offset, block.size);
    if (jpeg && isWholePicture(jpeg, block.offset)) {
      this.#passUpTo(block.end);
      await this.#keepUnlisted(block, crc32(jpeg));
      return block.end;
    }
    if (overlaps || !(await elementAt(this.#window, block.end))) return undefined;
    await this.#hide(block);
    return block.end;
  }

  /** A block in its place whose picture is not the one that was recorded. */
  async #hide(block: BlockElement): Promise<void> {
    this.#structure.hide(block);
    await this.#damaged(block.at, block.end);
  }

  #keepListed(frame: LedgerFrame, block: BlockElement): void {
    const found = this.#structure.tickOf(block)!;
    const { timeZero } = this.#options;
    const told = this.#tickAt(frame.capturedAt);
    const shared = Math.max(this.#tick, tickOf(frame.capturedAt, timeZero)); // as versions before had it
    if (found === told || found === shared) this.#keep(frame, found);
    else if (this.#isLineRight(frame, told)) {
      this.#structure.setTick(block, told);
      this.#keep(frame, told);
    } else {
      this.#keep({ ...frame, capturedAt: timeZero + found / TICKS_PER_MS }, found);
      this.#corrected += 1;
    }
    this.#cluster = this.#tick - block.after;
    this.#next += 1;
  }

  /** Where a frame that was captured then stands in the file's time, behind the newest. */
  #tickAt(capturedAt: number): number {
    return nextTick(capturedAt, this.#options.timeZero, this.#tick);
  }

  /** Whether the time of a line fits to that of the next one. */
  #isLineRight({ capturedAt }: LedgerFrame, tick: number): boolean {
    const before = this.#kept.at(-1);
    const next = this.#listed.at(this.#next + 1);
    const isLate = next !== undefined && tick > tickOf(next.capturedAt, this.#options.timeZero);
    return !isLate && (before === undefined || capturedAt > before.capturedAt);
  }

  /** A picture that no line lists. If one is missed that has the same bytes, it is that, and its line is wrong about the place. */
  async #keepUnlisted(block: BlockElement, crc: number): Promise<void> {
    const { offset, size } = block;
    const found = this.#structure.tickOf(block)!;
    const isOwn = this.#structure.hasOwnTime(block);
    const tick = isOwn ? Math.max(this.#tick, found) : await this.#recoveredTick(block, 0);
    if (!isOwn && tick !== found) this.#structure.setTick(block, tick);
    const known = this.#astray.find((one) => one.crc === crc);
    this.#astray = this.#astray.filter((one) => one !== known);
    if (known) this.#corrected += 1;
    else this.#unlisted.push(this.#kept.length);
    const capturedAt = this.#options.timeZero + tick / TICKS_PER_MS;
    const anonymous = { run: "", index: this.#kept.length, capturedAt };
    this.#keep({ ...(known ?? anonymous), offset, size, crc }, tick);
    this.#cluster = tick - block.after;
  }

  #keep(frame: LedgerFrame, tick: number): void {
    if (this.#kept.length > 0) this.#period = tick - this.#tick;
    this.#tick = tick;
    this.#kept.push(frame);
  }

  /** @returns where it goes on; undefined when nothing follows. */
  async #behindDamage(at: number): Promise<number | undefined> {
    const from = (await canRead(this.#window, at, at + 1)) ? at : this.#structure.readableStart(at);
    const anchor = await this.#nextWhole(at + BLOCK_HEAD_BYTES);
    const limit = anchor ? anchor.offset - BLOCK_HEAD_BYTES : this.#window.size;
    const found = await elementAfter(this.#window, at + 1, limit);
    if (found?.kind === "cluster") this.#structure.bridgeToCluster(from, found.at);
    else if (found) {
      const lost = Math.round((found.at - at) / (found.end - found.at));
      const tick = await this.#recoveredTick(found, lost);
      this.#structure.bridgeToBlock(from, { ...found, tick });
    }
    if (found) await this.#damaged(at, found.at);
    return found ? found.at : anchor && this.#bridgeToAnchor(from, at, anchor);
  }

  async #bridgeToAnchor(from: number, at: number, anchor: LedgerFrame): Promise<number> {
    const { offset, size, capturedAt } = anchor;
    const head = offset - BLOCK_HEAD_BYTES;
    const block = await elementAt(this.#window, head);
    const tick = this.#tickAt(capturedAt);
    const isWhole = block?.kind === "block" && block.size === size;
    const after = isWhole ? { after: block.after } : {};
    this.#structure.bridgeToBlock(from, { at: head, size, tick, ...after });
    await this.#damaged(at, head);
    if (isWhole) return head;
    this.#keep(anchor, tick);
    this.#next += 1;
    return offset + size;
  }

  /** When a block was captured whose cluster's head may be lost, as `lost` others before it are. */
  async #recoveredTick(block: BlockElement, lost: number): Promise<number> {
    const [listed] = this.#listedFrom(block.offset);
    if (listed?.offset === block.offset) return this.#tickAt(listed.capturedAt);
    const before = { tick: this.#tick, cluster: this.#cluster, period: this.#period };
    const { timeZero } = this.#options;
    const behind = this.#listedFrom(block.end);
    return recoveredTick(this.#window, { block, before, lost, listed: behind, timeZero });
  }

  /** What is listed from a place on. */
  *#listedFrom(place: number): Generator<LedgerFrame> {
    for (let n = this.#next; n < this.#listed.length; n++) {
      if (this.#listed.offsetAt(n) >= place) yield this.#listed.at(n)!;
    }
  }

  /** The next listed frame from a place on that is whole. */
  async #nextWhole(from: number): Promise<LedgerFrame | undefined> {
    for (let n = this.#next; n < this.#listed.length; n++) {
      const frame = this.#listed.at(n)!;
      if (frame.offset + frame.size > this.#window.size) return undefined;
      if (frame.offset < from || !(await isThere(this.#window, frame))) continue;
      const head = Math.max(from - BLOCK_HEAD_BYTES, frame.offset - HEAD_BYTES);
      if (await canRead(this.#window, head, frame.offset)) return frame;
    }
    return undefined;
  }

  /** Takes listed frames that begin before a place for missing. */
  #passUpTo(place: number): void {
    for (let frame = this.#listed.at(this.#next); frame && frame.offset < place; ) {
      this.#astray.push(frame);
      this.#next += 1;
      frame = this.#listed.at(this.#next);
    }
  }

  /** Notes that what is listed between two places is lost. */
  async #damaged(at: number, end: number): Promise<void> {
    const frames: LedgerFrame[] = [];
    for (let frame = this.#listed.at(this.#next); frame && frame.offset < end; ) {
      frames.push(frame);
      this.#next += 1;
      frame = this.#listed.at(this.#next);
    }
    if (frames.length === 0 && end - at <= HEAD_BYTES) return;
    const { offset, size } = frames[0] ?? { offset: at, size: end - at };
    const why = await whyDamaged(this.#window, offset, size);
    const last = this.#damage.at(-1);
    if (last?.end !== at || last.why !== why) this.#damage.push({ at, end, why, frames });
    else {
      last.end = end;
      for (const frame of frames) last.frames.push(frame);
    }
  }
}
