import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** Says from which second of the stream each film is, and how long it lasts, as ffprobe sees it. */
export async function showFilms(paths: Iterable<string>): Promise<void> {
  const asked = ["-v", "error", "-show_entries", "format=start_time,duration", "-of", "json"];
  for (const path of paths) {
    const { stdout } = await promisify(execFile)("ffprobe", [...asked, path]);
    const { start_time, duration } = JSON.parse(stdout).format;
    console.log(`${path}: from second ${start_time}, ${duration} s`);
  }
}
