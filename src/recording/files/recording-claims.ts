import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { ThingError } from "../../base/errors.ts";
import { folderKey } from "../../base/one-folder.ts";

/** What may be done with a recording that takes time. */
export type Work = "recording" | "converting" | "exporting" | "repairing" | "removing";

interface Claim {
  readonly work: Work;
  readonly path: string;
  /** Another of the same work that this one may not run beside, e.g. the format of an export. */
  readonly kind: string | undefined;
}

/** What each work does not begin beside. A recording is converted while it grows, and exported to several formats at once. */
const EXCLUDES: Readonly<Record<Work, readonly Work[]>> = {
  recording: ["repairing", "removing"],
  converting: ["repairing", "removing"],
  exporting: ["recording", "repairing", "removing"],
  repairing: ["recording", "converting", "exporting", "repairing", "removing"],
  removing: ["recording", "converting", "exporting", "repairing", "removing"],
};

const WORDS: Readonly<Record<Work, string>> = {
  recording: "is still being recorded. Stop the recording first",
  converting: "is being converted. Wait until the conversion has finished",
  exporting: "is being exported. Wait until the export has finished, or cancel it",
  repairing: "is being repaired. Try again when the repair has finished",
  removing: "is being deleted",
};

/** What this process does with recordings now, by their folder and name without its extension: MKV, ledger and exports are one. */
const claims = new Map<string, Set<Claim>>();

/**
 * Claims a recording for some work, in one tick: whoever finds it free has it. A process that is not this one knows nothing of it.
 * @param path - Of any of the recording's files.
 * @param kind - Two works of the same kind exclude each other, e.g. two exports to one format.
 * @returns how the claim is released.
 * @throws {ThingError} `LOCK_BUSY` when something else that this work does not go with has it.
 */
export function claimRecording(path: string, work: Work, kind?: string): () => void {
  const key = stemOf(path);
  const others = claims.get(key) ?? new Set();
  for (const other of others) {
    const isSame = kind !== undefined && other.work === work && other.kind === kind;
    if (!isSame && !EXCLUDES[work].includes(other.work)) continue;
    throw new ThingError("LOCK_BUSY", `'${basename(other.path)}' ${WORDS[other.work]}.`);
  }
  const claim = { work, path: resolve(path), kind };
  others.add(claim);
  claims.set(key, others);
  return () => {
    others.delete(claim);
    if (others.size === 0 && claims.get(key) === others) claims.delete(key);
  };
}

/**
 * The name under which this process has a file claimed that is this one, whatever that is called: a link leads to it, or its name is
 * written in other letters on a disk that does not tell them apart. The same name where nothing is.
 */
export async function claimedName(path: string): Promise<string> {
  const wanted = await stat(path).catch(() => undefined);
  const names = new Set([...claims.values()].flatMap((own) => [...own].map((claim) => claim.path)));
  for (const name of names) {
    const found = await stat(name).catch(() => undefined);
    if (found && found.ino === wanted?.ino && found.dev === wanted.dev) return name;
  }
  return path;
}

/** Whether this process is recording to this very file. */
export function isBeingRecorded(path: string): boolean {
  const name = basename(path);
  return [...(claims.get(stemOf(path)) ?? [])].some(
    (claim) => claim.work === "recording" && basename(claim.path) === name,
  );
}

/** `/videos/nest` of `/videos/nest.mkv` and of `/videos/nest.mp4`, whatever path leads to the folder. */
function stemOf(path: string): string {
  return join(folderKey(dirname(path)), basename(path)).replace(/\.\w+$/, "");
}
