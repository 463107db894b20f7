import { stat } from "node:fs/promises";
import { ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { FolderLock } from "../core/folder-lock.ts";

/** Where a server keeps its settings, when nobody has said it. */
export interface SettingsChoice {
  readonly folder: string;
  /** What a person should know of it. */
  readonly remark?: string;
}

/**
 * The usual folder; for a second server in the same place one of its own, which it has again the next time.
 * @param name - Of its configuration, or its port.
 * @param check - Whether the second server can start: one that cannot gets no folder, which the next start would use.
 * @param log - Told why it takes long: where nobody can see whether the server that has the usual folder still runs.
 * @throws what `check` throws.
 */
export async function settingsChoice(
  usual: string,
  name: string | number,
  check: () => Promise<void>,
  log: Log,
): Promise<SettingsChoice> {
  const own = `${usual}-${name}`;
  const isKnown = await isThere(own);
  if (!isKnown && !(await isInUse(usual, log))) return { folder: usual };
  if (!isKnown) await check();
  const why = isKnown
    ? "as before, since another server has used the usual one. Delete that folder to use the usual one"
    : `since another server uses ${usual}`;
  const remark = `This server keeps its settings in ${own}, ${why}. --settings FOLDER names another.`;
  return { folder: own, remark };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** Whether a server that runs has it. What else is wrong with it is told when it is used. */
async function isInUse(folder: string, log: Log): Promise<boolean> {
  if (!(await isThere(folder))) return false;
  const lock = new FolderLock(folder);
  try {
    await lock.take(log);
    return false;
  } catch (error) {
    return error instanceof ThingError && error.code === "SETTINGS_IN_USE";
  } finally {
    await lock.release().catch(() => {}); // it is as it was
  }
}
