import type { FileHandle } from "node:fs/promises";
import { ThingError } from "../../base/errors.ts";
import { shellWord } from "../../base/preview.ts";
import { countFrames } from "./joined.ts";

/**
 * Why a file cannot be read whose beginning is none, and what is in it all the same: nothing says when its pictures were, nor where a new
 * head would have room.
 */
export async function headlessError(
  file: FileHandle,
  path: string,
  cause: ThingError,
): Promise<ThingError> {
  const { size } = await file.stat();
  const count = await countFrames(file, size);
  if (count === 0 || /was written by/.test(cause.message)) return cause;
  const advice = `It has ${count} whole ${count === 1 ? "picture" : "pictures"} all the same, and was not changed. To have them, without their times: ffmpeg -f mjpeg -i ${shellWord(path)} -c copy pictures.mkv`;
  return new ThingError(cause.code, `${cause.message} ${advice}`, { cause });
}
