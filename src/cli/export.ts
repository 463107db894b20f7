import { realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { codeOf, reasonOf, ThingError } from "../base/errors.ts";
import { exportRecording } from "../recording/export/export.ts";
import { draftOf, removeAbandonedDrafts } from "../recording/files/free-name.ts";
import { ledgerAsCsv, ledgerAsJson } from "../recording/ledger/ledger-tables.ts";
import type { VideoFormat } from "../recording/ledger/video-format.ts";
import { type ClientIo, isForPeople } from "./client-output.ts";
import { ProgressBar } from "./progress-bar.ts";

/** What is made of a recording. */
export interface ExportChoices {
  readonly format: VideoFormat | "csv" | "json";
  readonly output?: string;
  readonly replace: boolean;
  /** What stays free on the disk, MB. */
  readonly reserve: number;
}

const MB = 1e6;

/** `export`: a recording in another format, or its ledger as a table. Tells the result's name. */
export async function exportFile(
  io: ClientIo,
  file: string,
  { format, output, replace, reserve }: ExportChoices,
): Promise<void> {
  if (format === "csv" || format === "json") {
    await writeTable(io, format === "csv" ? ledgerAsCsv(file) : ledgerAsJson(file), output);
    return;
  }
  const bar = isForPeople(io) ? new ProgressBar(io.err) : undefined;
  try {
    await removeAbandonedDrafts(dirname(output ?? file), Date.now()).catch(() => {}); // what is wrong is told below
    const made = await exportRecording(file, {
      room: { reserveBytes: reserve * MB, quotaBytes: Number.POSITIVE_INFINITY },
      format,
      path: output,
      replace,
      signal: io.signal,
      onProgress: (fraction) => bar?.show(fraction, file),
    });
    bar?.clear();
    const { path, frames, largestErrorMs } = made;
    const line = { file: path, frames, largest_error_ms: Math.round(largestErrorMs * 1000) / 1000 };
    io.out.write(
      isForPeople(io)
        ? `${path}: ${frames} frames, each within ${line.largest_error_ms} ms of its time.\n`
        : `${JSON.stringify(line)}\n`,
    );
  } finally {
    bar?.clear();
  }
}

/** What recorders write, and nothing else may take the place of. */
const RECORDED = /\.(mkv|mp4|webm|jpg|ledger\.jsonl|manifest\.json)$/i;

/** Without a file it goes to the standard output, for a pipe. */
async function writeTable(io: ClientIo, parts: AsyncIterable<Uint8Array>, output?: string) {
  if (output === undefined) {
    for await (const part of parts) io.out.write(new TextDecoder().decode(part)); // each is whole lines
    return;
  }
  if (RECORDED.test(output)) {
    const why = `${output} was not written: that is the name of a recording, a ledger or a picture. Use another name for a table, such as table.csv.`;
    throw new ThingError("BAD_ARGUMENT", why);
  }
  await writeWhole(output, parts, io.signal).catch((cause) => {
    if (cause instanceof ThingError || io.signal.aborted) throw cause; // there is no ledger
    const why = `${output} cannot be written: ${reasonOf(cause)}.`;
    const isFull = ["ENOSPC", "EDQUOT"].includes(codeOf(cause));
    if (isFull) throw new ThingError("NO_ROOM", `${why} Make room on that disk.`, { cause });
    throw new ThingError("BAD_ARGUMENT", why, { cause });
  });
}

/** It has its name when it is whole; a pipe or a device is written to as it is. */
async function writeWhole(path: string, parts: AsyncIterable<Uint8Array>, signal: AbortSignal) {
  const there = await stat(path).catch(() => undefined);
  if (there && !there.isFile()) return writeFile(path, parts, { signal });
  const wanted = await realpath(path).catch(() => path); // a link stays one
  const draft = draftOf(wanted);
  try {
    await writeFile(draft, parts, { signal });
    await rename(draft, wanted);
  } finally {
    await rm(draft, { force: true });
  }
}
