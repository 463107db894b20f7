import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { packagePath } from "../../src/base/package-root.ts";

const FOLDER = packagePath("test", "interop", "programs");
const PYTHON = packagePath(".venv", "bin", "python");

/** A package of other people's, of the type that its caller knows it to have. @throws when it is not installed. */
export function program<T>(name: string): T {
  if (!existsSync(`${FOLDER}/node_modules/${name}`)) throw missing(name);
  return createRequire(`${FOLDER}/package.json`)(name);
}

/** The Python that has labthings-fastapi. @throws when it is not installed. */
export function python(): string {
  if (!existsSync(PYTHON)) throw missing("labthings-fastapi");
  return PYTHON;
}

/** The path of a file of one of the packages. */
export function programFile(...path: string[]): string {
  return packagePath("test", "interop", "programs", "node_modules", ...path);
}

function missing(name: string): Error {
  return new Error(`${name} is missing. Install it with: scripts/setup --interop`);
}
