import { createRequire } from "node:module";
import { join } from "node:path";
import { messageOf, ThingError } from "./errors.ts";
import { packagePath } from "./package-root.ts";

/**
 * npm packages that are not installed with this one. Each is looked for beside this package, and then in the folder in which the process
 * runs: the command may be installed for all users, or by npx, where `npm install` in one's own folder adds nothing.
 *
 * @param user - What needs them, as the beginning of a sentence: `'mqtt' in the configuration`.
 * @returns What each exports, in the order of their names. They are loaded as CommonJS.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs them.
 */
export function optionalPackages(user: string, ...names: readonly string[]): unknown[] {
  const install = `npm install ${names.join(" ")}`;
  const [packages, them] = names.length > 1 ? ["packages", "them"] : ["package", "it"];
  return names.map((name) => {
    const from = places().find((place) => isFound(name, place));
    const needs = `${user} needs the npm ${packages} ${names.join(", ")}`;
    if (from === undefined) {
      const reason = `'${name}' is neither beside ${packagePath()} nor in ${workingFolder()}`;
      throw new ThingError(
        "PROGRAM_MISSING",
        `${needs}, but ${reason}. Install ${them} in the folder where you start this: ${install}`,
      );
    }
    try {
      return createRequire(from)(name);
    } catch (error) {
      const reason = messageOf(error).split("\n")[0];
      throw new ThingError(
        "PROGRAM_MISSING",
        `${needs}, but '${name}' could not be loaded (${reason}). Install ${them} again: ${install}`,
        { cause: error },
      );
    }
  });
}

/** Is it installed beside this package? No code of it is run, and none of the folder in which the process runs is looked at. */
export function isBesideThisPackage(name: string): boolean {
  return isFound(name, packagePath("package.json"));
}

function places(): string[] {
  return [packagePath("package.json"), join(workingFolder(), "package.json")];
}

function isFound(name: string, from: string): boolean {
  try {
    createRequire(from).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The folder may have been removed. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "/";
  }
}
