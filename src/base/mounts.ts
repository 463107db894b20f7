import { stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** By folder: the disk below the one that it is on. Undefined where it is on the one that has everything. */
const below = new Map<string, number | undefined>();

/** Remembers of a folder that is there which disk it is on, once. */
export async function rememberMount(folder: string): Promise<void> {
  const path = resolve(folder);
  if (below.has(path)) return;
  const { dev } = await stat(path);
  let at = path;
  for (;;) {
    const above = dirname(at);
    if (above === at) return void below.set(path, undefined);
    const found = await stat(above);
    if (found.dev !== dev) return void below.set(path, found.dev);
    at = above;
  }
}

/**
 * Why nothing is to be written in a folder, if its disk is not mounted: what is there instead is the empty folder that it is mounted on,
 * or none. A disk that is mounted again may have another number.
 */
export async function unmounted(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  const lower = below.get(path);
  if (lower === undefined) return undefined;
  for (let at = path; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (!found && at !== dirname(at)) continue;
    return found?.dev === lower ? `the disk of ${folder} is not mounted` : undefined;
  }
}
