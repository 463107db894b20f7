// What is built under native/: each folder is an addon (C against Node-API) or, with a main.c, a program. Their flags, for the
// machine's own compiler (build-native.mjs) and for the binaries of the package (build-prebuilds.mjs).
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = join(dirname(fileURLToPath(import.meta.url)), "..");

const WARNINGS = ["-std=gnu11", "-Wall", "-Wextra"];

/** Every part: its name, whether it is a program, its C files, and the name of what becomes of it. */
export function nativeParts() {
  const folders = readdirSync(join(root, "native"), { withFileTypes: true });
  return folders.filter((folder) => folder.isDirectory()).map(({ name }) => partIn(name));
}

function partIn(name) {
  const folder = join(root, "native", name);
  const sources = readdirSync(folder).filter((file) => file.endsWith(".c"));
  const isProgram = sources.includes("main.c");
  return {
    name,
    folder,
    isProgram,
    sources: sources.map((file) => join(folder, file)),
    output: isProgram ? name : `${name}.node`,
  };
}

/** Where the headers of Node-API are, or undefined. */
export function nodeHeaders() {
  try {
    return createRequire(import.meta.url)("node-api-headers").include_dir;
  } catch {
    return undefined;
  }
}

export function addonFlags() {
  return ["-O2", ...WARNINGS, "-fPIC", "-shared", "-DNAPI_VERSION=8", `-I${nodeHeaders()}`];
}

/** Loops over pixels are what it is about. */
export function programFlags() {
  return ["-O3", ...WARNINGS, "-Wshadow"];
}

/** Whether this is an installed package, which carries what is built, and not a checkout. */
export function isInstalledPackage() {
  return !existsSync(join(root, "src"));
}
