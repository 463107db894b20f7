import { writeFile } from "node:fs/promises";
import { reasonOf, ThingError } from "../base/errors.ts";
import { exportRecording } from "../recording/export.ts";
import { ledgerAsCsv, ledgerAsJson } from "../recording/ledger-tables.ts";
import type { VideoFormat } from "../recording/video-format.ts";
import { type ClientIo, isForPeople } from "./client-output.ts";
import { ProgressBar } from "./progress-bar.ts";

/** What is made of a recording. */
export interface ExportChoices {
  readonly format: VideoFormat | "csv" | "json";
  readonly output?: string;
  readonly replace: boolean;
}

/** `export`: a recording in another format, or its ledger as a table. Tells the result's name. */
export async function exportFile(
  io: ClientIo,
  file: string,
  { format, output, replace }: ExportChoices,
): Promise<void> {
  if (format === "csv" || format === "json") {
    await writeTable(io, format === "csv" ? ledgerAsCsv(file) : ledgerAsJson(file), output);
    return;
  }
  const bar = isForPeople(io) ? new ProgressBar(io.err) : undefined;
  try {
    const made = await exportRecording(file, {
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
    const why = `${output} was not written: that is the name of a recording, a ledger or a picture. Give a table another one, such as table.csv.`;
    throw new ThingError("BAD_ARGUMENT", why);
  }
  await writeFile(output, parts, { signal: io.signal }).catch((cause) => {
    if (cause instanceof ThingError) throw cause; // there is no ledger
    const why = `${output} cannot be written: ${reasonOf(cause)}.`;
    throw new ThingError("BAD_ARGUMENT", why, { cause });
  });
}
