import { link, open, rename, rm, stat, unlink } from "node:fs/promises";
import { codeOf } from "./errors.ts";

/**
 * Gives the file `from` the name `to` in its place. Unlike a rename alone, this never overwrites: where there is a file of
 * that name it changes nothing.
 *
 * A hard link does it at once. Where there are none (FAT, exFAT, some SMB, NFS and FUSE), whatever the disk calls that, an empty
 * file reserves the name, and is then written over by its own maker alone.
 * @returns Whether the name was free.
 */
export async function moveUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
  } catch (error) {
    if (await isSameFile(from, to)) return moved(from); // the server of an NFS had done it before its answer was lost
    return codeOf(error) === "EEXIST" ? false : moveByReservation(from, to);
  }
  return moved(from);
}

async function moved(from: string): Promise<boolean> {
  await unlink(from);
  return true;
}

async function moveByReservation(from: string, to: string): Promise<boolean> {
  const reservation = await open(to, "wx").catch((error) => {
    if (codeOf(error) === "EEXIST") return undefined;
    throw error;
  });
  if (!reservation) return false;
  await reservation.close();
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    await rm(to, { force: true });
    throw error;
  }
}

async function isSameFile(one: string, other: string): Promise<boolean> {
  const [a, b] = await Promise.all([one, other].map((path) => stat(path).catch(() => undefined)));
  return a !== undefined && a.ino !== 0 && a.dev === b?.dev && a.ino === b.ino;
}
