import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import type { Frame } from "../../src/frames/frame.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { openRecording, type RecordedFrame } from "../../src/recording/read/open-recording.ts";
import type { RecordingOptions } from "../../src/recording/write/recording-options.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { picture } from "../streams/pictures.ts";

export const START = Date.UTC(2026, 10, 21, 9);

const folder = await mkdtemp(join(tmpdir(), "recording-"));
after(() => rm(folder, { recursive: true }));

/** A name for a recording in a new folder, which is removed after the tests. */
export async function newPath(name = "film.mkv"): Promise<string> {
  return join(await mkdtemp(join(folder, "r")), name);
}

/** Frame `index` of a run, captured `atMs` after START. It carries its index. */
export function frame(index: number, atMs: number, bytes?: number, run = "k3x9q2"): Frame {
  return storeFrame(picture(index, bytes), { run, index, capturedAt: START + atMs }).frame;
}

/** Frames at a steady rate. */
export function frames(count: number, periodMs: number, bytes?: number): Frame[] {
  return Array.from({ length: count }, (_, n) => frame(n, n * periodMs, bytes));
}

/** Records these frames into a new file. */
export async function record(all: Iterable<Frame>, options: Partial<RecordingOptions> = {}) {
  const writer = new RecordingWriter({ path: await newPath(), ...options });
  const path = await writer.opened;
  for (const one of all) writer.add(one);
  return { path, summary: await writer.close() };
}

/**
 * How many frames can be read in a film, whatever its ledger lists, which may be about frames that are on their way to the disk; a
 * file that is empty, or has its head alone, has none.
 */
export async function framesIn(path: string): Promise<number> {
  if ((await stat(path)).size === 0) return 0;
  await using film = await openRecording(path);
  return (await collect(film.frames())).length;
}

export async function collect<T>(all: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of all) found.push(one);
  return found;
}

export function indicesOf(all: readonly Pick<RecordedFrame, "index">[]): (number | undefined)[] {
  return all.map(({ index }) => index);
}
