import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { isRecord } from "../base/values.ts";

/**
 * How another project depends on an installed package: on a version, if it came from a registry; otherwise on what npm installed it
 * from, or on the folder itself.
 */
export async function placeOf(root: string, version: string): Promise<string> {
  const modules = dirname(root);
  const from = await installedFrom(modules);
  if (from === undefined) return `file:${root}`;
  if (/^https?:.*\.tgz$/.test(from)) return `^${version}`;
  if (!from.startsWith("file:")) return from; // e.g. git+https
  // As npm writes it: relative to the folder that node_modules is in.
  return `file:${from.startsWith("file:///") ? fileURLToPath(from) : resolve(modules, "..", from.slice("file:".length))}`;
}

/** What npm notes of each package that it has installed. */
async function installedFrom(modules: string): Promise<string | undefined> {
  try {
    const lock: unknown = JSON.parse(await readFile(join(modules, ".package-lock.json"), "utf8"));
    const packages = isRecord(lock) ? lock.packages : undefined;
    const own = isRecord(packages) ? packages["node_modules/thingscope"] : undefined;
    return isRecord(own) && typeof own.resolved === "string" ? own.resolved : undefined;
  } catch {
    return undefined; // a checkout, or installed for all projects
  }
}
