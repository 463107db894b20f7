import { accessSync, constants, existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
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

/** The command of a system package. @throws when it is not installed. */
export function command(
  name: "go" | "java" | "mkvmerge" | "cvlc" | "mosquitto" | "mosquitto_passwd",
): string {
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {} // the next folder may have it
  }
  throw missing(name);
}

/** A command of a package in the Python's environment. @throws when it is not installed. */
export function pythonCommand(name: string): string {
  const path = packagePath(".venv", "bin", name);
  if (!existsSync(path)) throw missing(name);
  return path;
}

/** The file of a module in the Python's environment. @param name as an import has it. @throws when it is not installed. */
export function installedModule(name: string): string {
  const libraries = packagePath(".venv", "lib");
  const versions = existsSync(libraries) ? readdirSync(libraries) : [];
  const file = `${name.replaceAll(".", "/")}.py`;
  const found = versions.map((version) => join(libraries, version, "site-packages", file));
  const path = found.find((one) => existsSync(one));
  if (!path) throw missing(name);
  return path;
}

/** The path of a file of one of the packages. */
export function programFile(...path: string[]): string {
  return packagePath("test", "interop", "programs", "node_modules", ...path);
}

function missing(name: string): Error {
  return new Error(`${name} is missing. Install it with: scripts/setup --interop`);
}
