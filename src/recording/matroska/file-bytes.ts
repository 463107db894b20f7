import type { FileHandle } from "node:fs/promises";

/** Node ends a process that asks a file for 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** Bytes of a file, fewer where it ends. */
export async function read(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let count = 0;
  while (count < length) {
    const { bytesRead } = await file.read(
      bytes,
      count,
      Math.min(length - count, MOST_AT_ONCE),
      at + count,
    );
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return bytes.subarray(0, count);
}

/** Whether a disk could not read what stands somewhere, though it works otherwise. */
export function isUnreadable(error: unknown): boolean {
  return (
    error instanceof Error && "code" in error && (error.code === "EIO" || error.code === "EUCLEAN")
  );
}

/** A disk's smallest piece that is read or not. */
export const PIECE_BYTES = 4096;

/** The first bytes of a file, fewer where it ends or the disk cannot read it. */
export async function readBeginning(file: FileHandle, length: number): Promise<Buffer> {
  const all = await readIfReadable(file, 0, length);
  if (all) return all;
  const pieces: Buffer[] = [];
  for (let at = 0; at < length; at += PIECE_BYTES) {
    const piece = await readIfReadable(file, at, Math.min(PIECE_BYTES, length - at));
    if (!piece) break;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** Bytes of a file; undefined where the disk cannot read them. */
export async function readIfReadable(
  file: FileHandle,
  at: number,
  length: number,
): Promise<Buffer | undefined> {
  return read(file, at, length).catch((error) => {
    if (isUnreadable(error)) return undefined;
    throw error;
  });
}
