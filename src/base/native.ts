import { accessSync, constants, statSync } from "node:fs";
import { createRequire } from "node:module";
import { messageOf } from "./errors.ts";
import type { Log } from "./log.ts";
import { packagePath } from "./package-root.ts";

const require = createRequire(import.meta.url);
const loaded = new Map<string, Tried>();
let hasTold = false;

/** What is worse without each addon. */
const ADDONS: ReadonlyMap<string, string> = new Map([
  ["crc32", "recordings take more processor time"],
  ["send-to-each", "streams take more processor time"],
  ["tcp-lowat", "a slow viewer may be 3 s behind instead of 0.7 s"],
]);

/** Why a part of `native/` does not run here. */
export interface NativeFault {
  /** The end of a sentence: "there is none for linux-arm". */
  readonly reason: string;
  /** A sentence; undefined where nothing helps. */
  readonly fix?: string;
}

type Tried = { readonly module: unknown } | NativeFault;

/**
 * The exports of the addon `native/NAME`, or undefined where it does not run. It is tried once; `tellOfAddons` says what is missing.
 *
 * @param isAddon - Tells whether what was loaded has the functions that the caller needs.
 */
export function loadAddon<T>(
  name: string,
  isAddon: (module: unknown) => module is T,
): T | undefined {
  const tried = tryOnce(name);
  return "module" in tried && isAddon(tried.module) ? tried.module : undefined;
}

/** Says once in this process which addons do not run here, what is worse for it, and what to do. */
export function tellOfAddons(log: Log): void {
  const fault = addonFault();
  if (hasTold || !fault) return;
  hasTold = true;
  const sentence = `${fault.reason} ${fault.fix ?? ""}`.trim();
  if (fault.fix) log.warn(sentence);
  else log.info(sentence);
}

/** What `tellOfAddons` says: `reason` is a whole sentence. Undefined where every addon runs. */
export function addonFault(): NativeFault | undefined {
  const missing: string[] = [];
  const worse: string[] = [];
  let first: NativeFault | undefined;
  for (const [name, without] of ADDONS) {
    const tried = tryOnce(name);
    if ("module" in tried) continue;
    first ??= tried;
    missing.push(name);
    worse.push(without);
  }
  if (!first) return undefined;
  const reason = `Addons do not run here (${missing.join(", ")}): ${first.reason}. Everything works without them, but ${listed(worse)}.`;
  return { ...first, reason };
}

/** The names of the addons. */
export function addonNames(): readonly string[] {
  return [...ADDONS.keys()];
}

/** The file of the program `native/NAME`, or undefined where there is none that may be executed. */
export function nativeProgram(name: string): string | undefined {
  return nativePrograms(name)[0];
}

/** The files of the program `native/NAME` that may be executed, the preferred one first. Whether they run here is another question. */
export function nativePrograms(name: string): readonly string[] {
  return placesOf(name, name).filter((file) => isThere(file) && isExecutable(file));
}

/** Why the program `native/NAME` does not run here. */
export function programFault(name: string): NativeFault {
  const file = placesOf(name, name).find(isThere);
  if (!file) return nothingBuilt();
  if (!isExecutable(file)) return notExecutable(file);
  return { reason: `this machine cannot run ${file}`, fix: BUILD };
}

/**
 * The exports of an addon at the first of `places` where it loads, or why it loads at none. A file that was built beside another C
 * library, and copied here, must not hide the one that runs.
 */
export function addonAt(places: readonly string[]): Tried {
  let fault: NativeFault | undefined;
  for (const file of places.filter(isThere)) {
    try {
      return { module: require(file) };
    } catch (error) {
      fault = isBarred(file) ? notExecutable(file) : unloadable(error);
    }
  }
  return fault ?? nothingBuilt();
}

function tryOnce(name: string): Tried {
  let tried = loaded.get(name);
  if (!tried) {
    tried = addonAt(placesOf(name, `${name}.node`));
    loaded.set(name, tried);
  }
  return tried;
}

/** What this machine built comes before what the package brought. */
function placesOf(part: string, file: string): readonly string[] {
  return [
    packagePath("native", part, "build", "Release", file),
    packagePath("prebuilds", `${process.platform}-${process.arch}`, file),
  ];
}

const BUILD = `With a C compiler, this builds them: node ${packagePath("scripts", "build-native.mjs")}`;

function nothingBuilt(): NativeFault {
  if (process.platform !== "linux") return { reason: "they are for Linux" };
  const reason = `the package has none for ${process.platform}-${process.arch}, and none was built at its installation`;
  return { reason, fix: BUILD };
}

function unloadable(error: unknown): NativeFault {
  return { reason: messageOf(error).split("\n")[0] ?? "", fix: BUILD };
}

function notExecutable(file: string): NativeFault {
  if (!hasExecuteBit(file))
    return { reason: `${file} may not be executed`, fix: `Run: chmod +x ${file}` };
  return {
    reason: `${file} may not be executed, although its mode says so: its file system is mounted noexec`,
    fix: `Mount it with exec, or install the package elsewhere.`,
  };
}

/** An addon needs no execute bit, but a file system that lets its files be executed. */
function isBarred(file: string): boolean {
  return hasExecuteBit(file) && !isExecutable(file);
}

function isThere(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}

function hasExecuteBit(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o111) !== 0;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join("") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}
