import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";

/** What a process asked of the disk; see programs/disk-log.c. */
export type DiskCall = {
  /** Epoch ms. */
  readonly time: number;
  readonly path: string;
} & (
  | { readonly kind: "create"; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: "truncate"; readonly file: number; readonly length: number }
  | { readonly kind: "sync begins" | "sync ends"; readonly file: number }
  | { readonly kind: "rename" | "link"; readonly to: string }
  | { readonly kind: "unlink" | "mkdir" }
);

const KINDS = [
  "",
  "create",
  "write",
  "truncate",
  "sync begins",
  "sync ends",
  "rename",
  "unlink",
  "mkdir",
  "link",
] as const;
const HEAD_BYTES = 40;

/** All that a process asked of its disk, in order. There is no log when that was nothing. */
export async function readDiskLog(path: string): Promise<DiskCall[]> {
  const log = await readFile(path).catch((error) => {
    if (error.code !== "ENOENT") throw error;
    return Buffer.alloc(0);
  });
  const calls: DiskCall[] = [];
  for (let at = 0; at < log.length; ) {
    const kind = KINDS[log.readUInt32LE(at)]!;
    const pathAt = at + HEAD_BYTES;
    const restAt = pathAt + log.readUInt32LE(at + 4);
    const file = Number(log.readBigUInt64LE(at + 8));
    const place = Number(log.readBigUInt64LE(at + 16));
    const length = Number(log.readBigUInt64LE(at + 24));
    const time = Number(log.readBigInt64LE(at + 32)) / 1000;
    const about = { time, path: log.toString("utf8", pathAt, restAt) };
    at = restAt;
    if (kind === "write" || kind === "rename" || kind === "link") at += length;
    if (kind === "") throw new Error("The log of the disk is broken.");
    if (kind === "write") {
      calls.push({ ...about, kind, file, at: place, bytes: log.subarray(restAt, at) });
    } else if (kind === "rename" || kind === "link")
      calls.push({ ...about, kind, to: log.toString("utf8", restAt, at) });
    else if (kind === "truncate") calls.push({ ...about, kind, file, length: place });
    else if (kind === "unlink" || kind === "mkdir") calls.push({ ...about, kind });
    else calls.push({ ...about, kind, file });
  }
  return calls;
}

/** What would have made the files that are in a folder and below it. */
export async function callsThatMade(folder: string): Promise<DiskCall[]> {
  const calls: DiskCall[] = [];
  for (const name of (await readdir(folder, { recursive: true })).sort()) {
    const path = join(folder, name);
    const about = await stat(path);
    const file = about.ino;
    if (about.isDirectory()) calls.push({ kind: "mkdir", path, time: 0 });
    else {
      calls.push({ kind: "create", path, time: 0, file });
      calls.push({ kind: "write", path, time: 0, file, at: 0, bytes: await readFile(path) });
    }
  }
  return calls;
}
