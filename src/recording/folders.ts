import { mkdir, open } from "node:fs/promises";
import { dirname, resolve } from "node:path";

/** Makes a folder and those above it that are missing, and has their names on the disk before it resolves. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return; // it was there
  const above = dirname(resolve(first));
  for (let folder = resolve(path); folder !== above; ) {
    folder = dirname(folder);
    await syncFolder(folder);
  }
}

/** When it resolves, the names in a folder are on the disk: those made, those changed, and those removed. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, "r");
  await handle.sync().finally(() => handle.close());
}
