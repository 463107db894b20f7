import { type FileHandle, open, rm, unlink } from "node:fs/promises";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { delay } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { Child, type Exit } from "../processes/child.ts";
import { programVersion } from "../processes/programs.ts";
import { startFailure } from "../processes/start-failure.ts";
import { exportFaults } from "./export-check.ts";
import { draftOf, nameFile } from "./free-name.ts";
import { ledgerPathOf, noteLine } from "./ledger.ts";
import type { FileHead } from "./matroska-head.ts";
import { claimRecording } from "./recording-claims.ts";
import { headOf, read, scan } from "./scan.ts";
import { encodingOf, type VideoFormat } from "./video-format.ts";

/** How a recording is exported. */
export interface ExportOptions {
  readonly format: VideoFormat;
  /** Where to; beside the recording, under its name, when absent. A name that is taken gets a number. */
  readonly path?: string | undefined;
  /** Times as they are in the recording, not from 0. */
  readonly keepStart?: boolean | undefined;
  /** Removes the MKV once the export is found to have every frame at its time. Its ledger is kept. */
  readonly replace?: boolean | undefined;
  /** While the recording is still being written: settles when that is over. */
  readonly until?: Promise<unknown> | undefined;
  /** Told how much is done, 0 to 1. */
  readonly onProgress?: ((fraction: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A recording in another format, which has every frame. */
export interface Export {
  readonly path: string;
  readonly frames: number;
  /** The largest difference of a frame's time, ms. */
  readonly largestErrorMs: number;
}

const CHUNK_BYTES = 1 << 20;
const LOOK_EVERY_MS = 100;
/**
 * Makes an MP4 (H.264) or a WebM (VP8) of a recording, after it or while it is written: ffmpeg is fed with the file as it
 * grows. The result is looked at with ffprobe, and there only if it has every frame at its time.
 * @throws {ThingError} `PROGRAM_MISSING` without ffmpeg; `RECORDING_FAILED` when the result lacks something; `LOCK_BUSY` while this
 * process repairs or deletes it, or exports it to that format already. The recording is there as before, then.
 */
export async function exportRecording(recording: string, options: ExportOptions): Promise<Export> {
  const work = options.until ? "converting" : "exporting";
  const release = claimRecording(recording, work, options.format);
  return exportClaimed(recording, options).finally(release);
}

async function exportClaimed(recording: string, options: ExportOptions): Promise<Export> {
  const { format, signal } = options;
  await requireFfmpeg(recording);
  const wanted = options.path ?? recording.replace(/\.mkv$/, `.${format}`);
  const draft = draftOf(wanted);
  const file = await open(recording, "r").catch((cause) => {
    const why = `${recording} cannot be read: ${messageOf(cause)}.`;
    throw new ThingError("NOT_FOUND", why, { cause });
  });
  try {
    const { info } = await headOf(file);
    await convert(file, draft, { ...options, size: info });
    const { frames, largestErrorMs, faults } = await exportFaults(file, draft, options);
    if (faults) throw failed(recording, `the result ${faults}`);
    const path = await nameFile(draft, wanted);
    await settle(recording, path, frames, options);
    return { path, frames, largestErrorMs };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await rm(draft, { force: true });
    await file.close();
  }
}

async function requireFfmpeg(recording: string): Promise<void> {
  try {
    await programVersion("ffmpeg");
    await programVersion("ffprobe");
  } catch (cause) {
    const why = `${recording} stays an MKV: ${messageOf(cause)}`;
    throw new ThingError(cause instanceof ThingError ? cause.code : "PROGRAM_MISSING", why, {
      cause,
    });
  }
}

/** Notes in the ledger what there is now, and removes the MKV if that is wanted. */
async function settle(
  recording: string,
  path: string,
  frames: number,
  { replace }: ExportOptions,
): Promise<void> {
  const ledger = await open(ledgerPathOf(recording), "r+").catch(() => undefined);
  try {
    const { size = 0 } = (await ledger?.stat()) ?? {};
    await ledger?.write(noteLine({ exported: { file: basename(path), frames } }), size);
    await ledger?.datasync();
  } finally {
    await ledger?.close();
  }
  if (replace) await unlink(recording);
}

async function convert(
  file: FileHandle,
  draft: string,
  options: ExportOptions & { readonly size: FileHead["info"] },
): Promise<void> {
  const { format, keepStart = false, signal, size } = options;
  const args = [
    ..."-v error -y -progress pipe:1 -f matroska -i pipe:0".split(" "),
    ...encodingOf(format, size),
    ...(keepStart ? ["-copyts"] : []),
    ...["-f", format, `file:${draft}`], // or a colon in the name would make it a protocol
  ];
  const child = new Child({ program: "ffmpeg", args }, { outputs: [1], input: true });
  const kill = () => child.kill();
  signal?.addEventListener("abort", kill);
  if (signal?.aborted) kill();
  try {
    let total = Number.POSITIVE_INFINITY;
    createInterface({ input: child.output(1) }).on("line", (line) => {
      const done = /^frame=(\d+)/.exec(line)?.[1];
      if (done) options.onProgress?.(Math.min(1, Number(done) / total));
    });
    const fed = feed(file, child, options).then(async () => {
      total = await countFrames(file);
    });
    const [exit] = await Promise.all([child.ended, fed]);
    signal?.throwIfAborted();
    if (exit.error) throw failed(draft, startFailure("ffmpeg", exit.error).message);
    if (exit.code !== 0) throw failed(draft, `ffmpeg ${wordsOf(exit, child.errorLines)}`);
  } finally {
    signal?.removeEventListener("abort", kill);
    child.kill();
  }
}

/** Gives ffmpeg the recording, as far as it is written, until it is over. */
async function feed(
  file: FileHandle,
  child: Child,
  { until = Promise.resolve() }: ExportOptions,
): Promise<void> {
  const { input } = child;
  if (!input) return; // it could not be started: "ended" says why
  let [isOver, isGone] = [false, false];
  const over = () => {
    isOver = true;
  };
  until.then(over, over);
  void child.ended.then(() => {
    isGone = true;
    input.destroy(); // whoever waits for it to drain is told
  });
  await Promise.resolve();
  for (let at = 0; !isGone; ) {
    const wasOver = isOver;
    const bytes = await read(file, at, CHUNK_BYTES);
    at += bytes.length;
    if (bytes.length > 0) await written(input, bytes);
    else if (wasOver) break;
    else await delay(LOOK_EVERY_MS);
  }
  input.end();
}

/** Resolves when the program has room for more, or has gone. */
function written(input: NonNullable<Child["input"]>, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    if (input.destroyed) return resolve();
    input.once("close", resolve);
    input.write(bytes, () => {
      input.off("close", resolve);
      resolve();
    });
  });
}

async function countFrames(file: FileHandle): Promise<number> {
  let count = 0;
  const { clustersAt } = await headOf(file);
  for await (const { kind } of scan(file, clustersAt)) if (kind === "block") count += 1;
  return Math.max(1, count);
}

function wordsOf({ code, signal }: Exit, errorLines: readonly string[]): string {
  const last = errorLines.at(-1);
  return `ended with ${code ?? signal}${last ? `: ${last}` : " and gave no reason"}`;
}

function failed(what: string, why: string): ThingError {
  return new ThingError("RECORDING_FAILED", `${what} was not exported: ${why}. The MKV is kept.`);
}
