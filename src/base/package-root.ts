import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A file or folder of this package, whether it runs from `src/` or from `dist/src/`. */
export function packagePath(...parts: string[]): string {
  return join(packageRoot(), ...parts);
}

/** Where scripts/bundle.mjs puts what `npm start` and the command of an installed package run. */
const BUNDLE = /^.*\/dist\/bundle\//;

/**
 * A module of this package in the form that runs here: compiled, bundled, or its source. What another thread or a user's
 * module loads has to be named so, since in a bundle no file lies beside another.
 *
 * @param name - From the package's root, without its ending: `src/cli/watchdog-thread`.
 */
export function moduleUrl(name: string): URL {
  const bundle = BUNDLE.exec(import.meta.url)?.[0];
  if (bundle) return new URL(`${name}.js`, bundle);
  const ending = import.meta.url.endsWith(".ts") ? "ts" : "js";
  return new URL(`../../${name}.${ending}`, import.meta.url);
}

function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) folder = dirname(folder);
  return folder;
}

/** The version in this package's package.json. */
export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(packagePath("package.json"), "utf8"),
  );
  return version;
}
