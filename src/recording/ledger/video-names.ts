import { lstat, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { now } from "../../base/clock.ts";

/** What a recording may be, or have become: its name differs by the end alone, so all have one ledger. In any case: FAT has capitals. */
export const FORMATS = ["mkv", "mp4", "webm"] as const;
const VIDEO = /\.(mkv|mp4|webm)$/i;
const LEDGER = ".ledger.jsonl";
/** Names of a folder serve for so long, ms: a list of many videos asks for each. */
const NAMES_SERVE_MS = 1000;

/** `mkv` of `VIDEO.MKV`. */
export function extensionOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1).toLowerCase();
}

export function isMkv(path: string): boolean {
  return extensionOf(path) === "mkv";
}

/** The same name with another extension. */
export function withExtension(path: string, extension: string): string {
  return `${path.replace(VIDEO, "")}.${extension}`;
}

/** Where the ledger of a video is that is written here. */
export function ledgerPathOf(path: string): string {
  return `${path.replace(VIDEO, "")}${LEDGER}`;
}

/**
 * Where the ledger of a video is that may come from elsewhere: the one whose name is its own, or, where there is none, differs from that in
 * capitals and belongs to no other video.
 */
export async function findLedger(path: string): Promise<string> {
  const own = ledgerPathOf(path);
  if (await isThere(own)) return own;
  const names = await namesIn(dirname(path));
  const wanted = basename(own).toLowerCase();
  const videos = names.filter((name) => VIDEO.test(name)).map(ledgerPathOf);
  const others = new Set(videos.filter((ledger) => ledger !== basename(own)));
  const found = names.filter(
    (name) => name.toLowerCase() === wanted && !others.has(name.slice(0, -LEDGER.length) + LEDGER),
  );
  return found.length === 1 ? join(dirname(path), found[0]!) : own;
}

/** All videos that may be the same recording in another format: their names differ by the end, or in capitals. */
export async function siblingsOf(path: string): Promise<string[]> {
  const wanted = basename(ledgerPathOf(path)).toLowerCase();
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => VIDEO.test(name) && basename(ledgerPathOf(name)).toLowerCase() === wanted)
    .map((name) => join(dirname(path), name));
}

let known: { folder: string; at: number; names: string[] } | undefined;

async function namesIn(path: string): Promise<string[]> {
  const folder = resolve(path);
  if (known?.folder === folder && now() - known.at < NAMES_SERVE_MS) return known.names;
  const names = await readdir(folder).catch(() => []);
  known = { folder, at: now(), names };
  return names;
}

export function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Where what a repair changes in a recording and cuts off it is kept until the result is verified. */
export function undoPathOf(path: string): string {
  return `${path}.undo`;
}
