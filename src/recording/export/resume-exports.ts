import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isStopped } from "../../base/abort.ts";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { describeRecording } from "../files/describe.ts";
import { exportsUnderWay, isTakenBack } from "../files/exports-under-way.ts";
import type { RoomLimits } from "../files/folder-room.ts";
import type { ExportState } from "../ledger/export-wish.ts";
import { isMkv } from "../ledger/video-names.ts";
import { exportRecording, unlinkMkv } from "./export.ts";

/** How exports are resumed. */
interface ResumeOptions {
  readonly log: Log;
  readonly signal: AbortSignal;
  /** What they leave free. */
  readonly room?: RoomLimits | undefined;
}

/**
 * Makes, one after the other, what a stop, a crash or a power cut has kept from being made of the recordings of a folder, and says
 * so in the log. What goes on already is left alone. Never rejects for one that fails.
 */
export async function resumeExports(
  folder: string,
  { log, signal, room }: ResumeOptions,
): Promise<void> {
  const names = (await readdir(folder)).filter((name) => isMkv(name));
  for (const path of names.map((name) => join(folder, name))) {
    const { summary, exports } = await describeRecording(path);
    if (!summary) continue; // it is being written, or cannot be repaired
    for (const wish of exports) {
      if (signal.aborted) return;
      await resume(path, wish, { log, signal, room }).catch((error) => {
        if (!isStopped(error) && !isTakenBack(error)) log.error(messageOf(error));
      });
    }
  }
}

async function resume(
  path: string,
  { state, file = "", ...wish }: ExportState,
  { log, signal, room }: ResumeOptions,
): Promise<void> {
  if (exportsUnderWay(path).some(({ format }) => format === wish.format)) return;
  if (state === "made" && wish.replace) {
    const made = join(dirname(path), file);
    if (!(await stat(made).catch(() => undefined))) return;
    await unlinkMkv(path);
    log.info(`${path} was removed: ${made} had been exported from it.`);
  } else if (state === "wanted") {
    const made = await exportRecording(path, { ...wish, isNoted: true, signal, room });
    log.info(`${made.path} was exported from ${path}: an earlier attempt had been cut off.`);
  }
}
