import { basename } from "node:path";

/** A name has 255 bytes at most on most disks, and a ledger's is longer than its film's. */
const LONGEST_NAME = 240;

/** Why a disk may have refused a name, as a sentence that follows on another; empty where it is not the name's fault. */
export function hintAt(path: string): string {
  const name = basename(path);
  if (Buffer.byteLength(name) > LONGEST_NAME) return " Choose a shorter name.";
  if (!/[<>:"|?*]|[. ]\.\w+$/.test(name)) return "";
  return ' FAT, exFAT and Windows take none of <>:"|?* in a name, and no space or dot at its end.';
}
