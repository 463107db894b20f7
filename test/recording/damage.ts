import { copyFile, open, readFile, truncate, writeFile } from "node:fs/promises";
import { delay } from "../../src/base/abort.ts";
import type { LedgerFrame } from "../../src/recording/ledger/ledger.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { frames, newPath, record } from "./recordings.ts";

/** A recording that a test damages, and what it was before. */
export interface Original {
  readonly path: string;
  readonly frames: readonly LedgerFrame[];
  readonly bytes: Buffer;
  readonly ledger: string;
}

/** 60 frames over 3 s: closed, and as they are before a recorder comes to close them. */
export async function originals(): Promise<{ closed: Original; crashed: Original }> {
  const { path } = await record(frames(60, 50, 3000));
  const [crashed, growing] = [await newPath(), await newPath("growing.mkv")];
  const writer = new RecordingWriter({ path: growing });
  for (const one of frames(60, 50, 3000)) writer.add(one);
  while (writer.stats.written < 60) await delay(5);
  await copyFile(growing, crashed);
  await copyFile(ledgerPathOf(growing), ledgerPathOf(crashed));
  await writer.close();
  return { closed: await originalAt(path), crashed: await originalAt(crashed) };
}

async function originalAt(path: string): Promise<Original> {
  const all = [...(await readLedger(ledgerPathOf(path)))!.frames];
  const ledger = await readFile(ledgerPathOf(path), "utf8");
  return { path, frames: all, bytes: await readFile(path), ledger };
}

/** A copy that can be damaged. */
export async function copyOf({ bytes, ledger }: Original): Promise<string> {
  const path = await newPath();
  await writeFile(path, bytes);
  await writeFile(ledgerPathOf(path), ledger);
  return path;
}

/** Bytes of a file become others: those given, or the opposite of what they were. */
export async function damage(
  path: string,
  at: number,
  what: { readonly flip: number } | { readonly zeros: number } | { readonly bytes: Uint8Array },
): Promise<void> {
  const file = await open(path, "r+");
  try {
    let bytes =
      "bytes" in what ? what.bytes : Buffer.alloc("zeros" in what ? what.zeros : what.flip);
    if ("flip" in what) {
      await file.read(bytes, 0, what.flip, at);
      bytes = bytes.map((byte) => byte ^ 0xff);
    }
    await file.write(bytes, 0, bytes.length, at);
  } finally {
    await file.close();
  }
}

/** Cuts a file off. */
export async function cut(path: string, length: number): Promise<void> {
  await truncate(path, length);
}
