import { messageOf, ThingError } from "../base/errors.ts";
import { settleFrameless } from "../recording/repair/frameless.ts";
import { repairRecording } from "../recording/repair/repair.ts";

/**
 * Repairs a recording. Of a folder, what is in use is told and left alone, and what was killed before its first frame is settled, as
 * when a Recorder opens it. @returns what was done, as a sentence.
 */
export async function repairFile(file: string, isInFolder: boolean): Promise<string> {
  try {
    return (await repairRecording(file)).sentence;
  } catch (error) {
    if (!isInFolder || !(error instanceof ThingError)) throw error;
    if (error.code === "LOCK_BUSY") return messageOf(error);
    const settled = error.code === "BAD_RECORDING" ? await settleFrameless(file) : undefined;
    if (settled === undefined) throw error;
    return settled;
  }
}
