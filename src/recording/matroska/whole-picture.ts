import { inspectJpeg } from "../../frames/jpeg/jpeg.ts";

const SECTOR = 512;
const HOLE = Buffer.alloc(SECTOR);

/** Whether bytes that no ledger vouches for are one JPEG without a hole. @param offset - Where they stand in their file. */
export function isWholePicture(jpeg: Buffer, offset: number): boolean {
  if (hasHole(jpeg, offset)) return false;
  try {
    return inspectJpeg(jpeg).length === jpeg.length;
  } catch {
    return false;
  }
}

/** Whether a sector of these bytes is empty: after a power cut, what was not written is 0. */
export function hasHole(bytes: Buffer, offset: number): boolean {
  for (let at = SECTOR - (offset % SECTOR); at + SECTOR <= bytes.length; at += SECTOR) {
    if (bytes.subarray(at, at + SECTOR).equals(HOLE)) return true;
  }
  return false;
}
