import type { Stats } from "node:fs";
import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { makeFolders } from "../../base/make-folders.ts";

/** What has secrets in it, beside the folder itself. */
const SECRET_FILES = ["accounts.json", "sessions.json", "key.pem", "certificate.pem"] as const;

const [OTHERS_MAY_READ, OTHERS_MAY_WRITE] = [0o077, 0o022];

/**
 * Makes the folder of secrets if it is not there, and closes it to all others who could read it.
 * @throws {ThingError} `BAD_CONFIG` when it, or a file in it, belongs to another user, can be written by others, or cannot be closed to them.
 */
export async function makePrivate(folder: string, log: Log = silentLog): Promise<void> {
  await makeFolders(folder, 0o700);
  await closeToOthers(folder, 0o700, log);
  for (const name of SECRET_FILES) await closeToOthers(join(folder, name), 0o600, log);
}

/** @throws {ThingError} `BAD_CONFIG` for what somebody else could have written. */
export function assertOwn(path: string, { uid, mode }: Pick<Stats, "uid" | "mode">): void {
  const own = process.geteuid?.();
  if (own === undefined) return; // Windows: others are kept out by other means
  const remedy = `choose another folder: --settings FOLDER`;
  if (uid !== own) {
    throw new ThingError(
      "BAD_CONFIG",
      `${path} contains secrets and belongs to another user (${uid}; this process runs as ${own}), who could grant access to anybody. Run thingscope as that user, change the owner (chown), or ${remedy}.`,
    );
  }
  if ((mode & OTHERS_MAY_WRITE) === 0) return;
  throw new ThingError(
    "BAD_CONFIG",
    `${path} contains secrets and is writable by other users, who may have granted access to anybody. Check which accounts it contains, then run: chmod go= ${path}; or ${remedy}. On a disk with FAT or exFAT, every user can write.`,
  );
}

async function closeToOthers(path: string, mode: number, log: Log): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return;
  assertOwn(path, found);
  if (process.geteuid === undefined || (found.mode & OTHERS_MAY_READ) === 0) return;
  await chmod(path, mode).catch(() => {}); // what came of it is looked at
  if (((await stat(path)).mode & OTHERS_MAY_READ) === 0) {
    return log.warn(`Other users could read ${path}; from now on only this user can.`);
  }
  throw new ThingError(
    "BAD_CONFIG",
    `${path} contains secrets, other users can read it, and its disk does not support permissions (FAT, exFAT). Choose a folder on another disk: --settings FOLDER.`,
  );
}
