import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "../../base/crc32.ts";
import { ignoreMissing, messageOf, ThingError } from "../../base/errors.ts";
import { holderOf, identityAnywhere, processInWords } from "../../base/process-place.ts";
import { syncFolder } from "../../base/sync-folder.ts";
import { writeAll } from "../files/recording-files.ts";
import type { LedgerFrame } from "../ledger/ledger.ts";
import { undoPathOf } from "../ledger/video-names.ts";
import { read, readIfReadable } from "../matroska/file-bytes.ts";

const PIECE_BYTES = 1 << 20;
const HEAD_BYTES = 16;
/** What a record is that holds no bytes of the file, but says that all of them are there: how long the file was. */
const SEALED = 2 ** 48 - 1;
/** And of the record that says which process is at work. */
const OWNER = 2 ** 48 - 2;
/** And of the one that says which picture is in the recording, whatever a repair changes: another file of that name has it not. */
const WITNESS = 2 ** 48 - 3;
const MOST_IN_RECORD = 2 * PIECE_BYTES;

/**
 * What a repair is going to change in a file, as it was. Records are: where it stood (8 bytes), how much it is (8 bytes), the bytes. The
 * last one says that all are there; without it nothing has been changed yet.
 */
export class RepairUndo {
  readonly #path: string;
  readonly #file: FileHandle;
  #end = 0;
  #crc = 0;

  #isThere = true;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /**
   * Begins a repair: nobody else begins one of the same file until this is over. One that was interrupted is undone first.
   * @throws {ThingError} `RECORDING_FAILED` when there is no room for it; `LOCK_BUSY` while another process repairs the file. Then
   * nothing has been changed.
   */
  static async begin(path: string): Promise<RepairUndo> {
    await undoInterrupted(path);
    const file = await open(undoPathOf(path), "wx").catch((error) => {
      throw noRoom(path, error);
    });
    const undo = new RepairUndo(path, file);
    const owner = Buffer.from(identityAnywhere);
    try {
      await undo.#add(OWNER, owner.length, owner);
      return undo;
    } catch (error) {
      await undo.remove().catch(() => {}); // what is told is why
      throw noRoom(path, error);
    }
  }

  /** Ends a repair, and removes what is left of it. */
  async close(): Promise<void> {
    if (this.#isThere) await this.remove();
  }

  /**
   * Keeps bytes of the recording: these, and all from `end` on. When it resolves, they are on the disk.
   * @param witness - A frame that stays as it is.
   */
  async keep(
    recording: FileHandle,
    ranges: readonly { at: number; length: number }[],
    end: number,
    witness: LedgerFrame,
  ) {
    try {
      await this.#add(WITNESS, WITNESS_BYTES, witnessOf(witness));
      const { size } = await recording.stat();
      for (const { at, length } of ranges)
        await this.#copy(recording, at, Math.min(size, at + length));
      await this.#copy(recording, end, size);
      const seal = Buffer.alloc(CRC_BYTES);
      seal.writeUInt32BE(this.#crc);
      await this.#add(SEALED, size, seal);
      await this.#file.datasync();
      await syncFolder(dirname(this.#path));
    } catch (error) {
      await this.remove().catch(() => {}); // what is told is why
      throw noRoom(this.#path, error);
    }
  }

  /** Brings everything back, and then removes what was kept. */
  async restore(): Promise<void> {
    if (!this.#isThere) return;
    this.#isThere = false;
    await this.#file.close();
    await undoInterrupted(this.#path);
  }

  async remove(): Promise<void> {
    this.#isThere = false;
    await this.#file.close();
    await removed(this.#path);
  }

  async #copy(recording: FileHandle, from: number, to: number): Promise<void> {
    for (let at = from; at < to; at += PIECE_BYTES) {
      const bytes = await readIfReadable(recording, at, Math.min(PIECE_BYTES, to - at));
      if (bytes) await this.#add(at, bytes.length, bytes); // else there is nothing to keep
    }
  }

  async #add(at: number, count: number, bytes: Buffer): Promise<void> {
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeBigUInt64BE(BigInt(at), 0);
    head.writeBigUInt64BE(BigInt(count), 8);
    await writeAll(this.#file, [head, bytes], this.#end);
    this.#crc = crc32(bytes, crc32(head, this.#crc));
    this.#end += HEAD_BYTES + bytes.length;
  }
}

/**
 * Brings back what a repair had changed when it was interrupted, as if it had never begun. It can be interrupted itself.
 * @returns whether there was one.
 */
async function undoInterrupted(path: string): Promise<boolean> {
  const kept = await open(undoPathOf(path), "r").catch(ignoreMissing);
  if (!kept) return false;
  try {
    const owner = await ownerOf(kept);
    const pid = owner === undefined ? undefined : holderOf(undoPathOf(path), owner);
    if (pid !== undefined && pid !== process.pid) {
      throw new ThingError(
        "LOCK_BUSY",
        `${path} is being repaired by process ${pid}. Wait until it has finished.`,
      );
    }
    const length = await lengthBefore(kept);
    if (length !== undefined) await bringBack(kept, path, length); // else nothing has been changed
  } finally {
    await kept.close();
  }
  await removed(path);
  return true;
}

/** Who repairs a file now, in words, if somebody does. */
export async function repairerOf(path: string): Promise<string | undefined> {
  const kept = await open(undoPathOf(path), "r").catch(() => undefined);
  if (!kept) return undefined;
  const owner = await ownerOf(kept).finally(() => kept.close());
  const isAtWork = owner !== undefined && holderOf(undoPathOf(path), owner) !== undefined;
  return isAtWork ? processInWords(owner) : undefined;
}

async function bringBack(kept: FileHandle, path: string, length: number): Promise<void> {
  const recording = await open(path, "r+");
  try {
    if (!(await isOf(kept, recording))) return;
    await recording.truncate(length);
    for await (const { at, from, count } of recordsOf(kept)) {
      if (at < WITNESS) await writeAll(recording, [await read(kept, from, count)], at);
    }
    await recording.datasync();
  } finally {
    await recording.close();
  }
}

/** How long the file was; undefined when not all is there: a power cut may have torn it, its end there and its middle not. */
async function lengthBefore(kept: FileHandle): Promise<number | undefined> {
  let crc = 0;
  for await (const { at, head, from, count } of recordsOf(kept)) {
    if (at === SEALED) {
      const seal = await read(kept, from, CRC_BYTES);
      return seal.length === CRC_BYTES && seal.readUInt32BE() === crc ? count : undefined;
    }
    if (count > MOST_IN_RECORD) return undefined;
    crc = crc32(await read(kept, from, count), crc32(head, crc));
  }
  return undefined;
}

const [CRC_BYTES, WITNESS_BYTES] = [4, 16];

function witnessOf({ offset, size, crc }: LedgerFrame): Buffer {
  const bytes = Buffer.alloc(WITNESS_BYTES);
  bytes.writeBigUInt64BE(BigInt(offset), 0);
  bytes.writeUInt32BE(size, 8);
  bytes.writeUInt32BE(crc, 12);
  return bytes;
}

/** Whether what was kept is of this recording. */
async function isOf(kept: FileHandle, recording: FileHandle): Promise<boolean> {
  for await (const { at, from } of recordsOf(kept)) {
    if (at !== WITNESS) continue;
    const witness = await read(kept, from, WITNESS_BYTES);
    const [offset, size] = [Number(witness.readBigUInt64BE(0)), witness.readUInt32BE(8)];
    const jpeg = await readIfReadable(recording, offset, size);
    return jpeg?.length === size && crc32(jpeg) === witness.readUInt32BE(12);
  }
  return false;
}

async function ownerOf(kept: FileHandle): Promise<string | undefined> {
  for await (const { at, from, count } of recordsOf(kept)) {
    return at === OWNER ? (await read(kept, from, count)).toString() : undefined;
  }
  return undefined;
}

async function* recordsOf(kept: FileHandle) {
  for (let place = 0; ; ) {
    const head = await read(kept, place, HEAD_BYTES);
    if (head.length < HEAD_BYTES) return;
    const at = Number(head.readBigUInt64BE(0));
    const count = Number(head.readBigUInt64BE(8));
    yield { at, count, head, from: place + HEAD_BYTES };
    if (at === SEALED) return;
    place += HEAD_BYTES + count;
  }
}

async function removed(path: string): Promise<void> {
  await unlink(undoPathOf(path));
  await syncFolder(dirname(path));
}

function noRoom(path: string, cause: unknown): ThingError {
  if (cause instanceof ThingError) return cause;
  const why = `${path} was not repaired and is unchanged: the original bytes could not be saved in ${undoPathOf(path)} (${messageOf(cause)}). Free space or make the folder writable, then repair it again.`;
  return new ThingError("RECORDING_FAILED", why, { cause });
}
