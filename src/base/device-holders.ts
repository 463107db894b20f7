import { readdir, readFile, readlink, stat } from "node:fs/promises";

/** Programs that are named in a sentence at most. */
const MOST_NAMED = 3;
/** Descriptors of all processes that are looked at, at most: a search is for a sentence, and is not to take seconds. */
const MOST_DESCRIPTORS = 100_000;

/**
 * Which programs have a device open, by what /proc shows to this user: `guvcview (process 4711)`, three of them at most.
 * Empty where it shows none, as for programs of other users.
 * @param proc - Where that file system is.
 */
export async function holdersOf(device: string, proc = "/proc"): Promise<readonly string[]> {
  const number = await deviceNumber(device);
  const holders: string[] = [];
  if (number === undefined) return holders;
  let looked = 0;
  for (const pid of await readdir(proc).catch(() => [])) {
    if (!/^\d+$/.test(pid) || holders.length >= MOST_NAMED || looked > MOST_DESCRIPTORS) continue;
    const folder = `${proc}/${pid}/fd`;
    const descriptors = await readdir(folder).catch(() => []); // of others, or it has ended
    looked += descriptors.length;
    if (await isAnyOf(number, folder, descriptors)) holders.push(await programOf(proc, pid));
  }
  return holders;
}

async function isAnyOf(
  number: number,
  folder: string,
  descriptors: readonly string[],
): Promise<boolean> {
  for (const descriptor of descriptors) {
    const path = `${folder}/${descriptor}`;
    const target = await readlink(path).catch(() => "");
    if (target.startsWith("/dev/") && (await deviceNumber(path)) === number) return true;
  }
  return false;
}

/** Two paths of one device have one number. */
async function deviceNumber(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isCharacterDevice() ? found.rdev : undefined;
}

async function programOf(proc: string, pid: string): Promise<string> {
  const name = await readFile(`${proc}/${pid}/comm`, "utf8").catch(() => "a program");
  return `${name.trim()} (process ${pid})`;
}
