import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";

const run = promisify(execFile);

/**
 * Puts what npm packs, and its dependencies, but nothing of this repository, into `folder`. Returns where the package is.
 *
 * @param beside - Libraries that whoever has the folder has installed, too.
 */
export async function installPacked(
  folder: string,
  beside: readonly string[] = [],
): Promise<string> {
  const archive = await packed(folder);
  const home = join(folder, "node_modules", "thingscope");
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", archive, "-C", home, "--strip-components=1"]);
  for (const path of await librariesOf(home, beside)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(packagePath(path), join(folder, path));
  }
  return home;
}

/** The program of the command, in a folder where the package is installed. */
export function commandIn(folder: string): string {
  return join(folder, "node_modules", "thingscope", "dist", "bundle", "src", "cli", "main.js");
}

let made: Promise<string> | undefined;

/** The file that is published, made once in a process. */
async function packed(folder: string): Promise<string> {
  const script = packagePath("scripts", "package-npm.mjs");
  made ??= run(process.execPath, [script, "--to", folder]).then(async () => {
    const { version } = JSON.parse(await readFile(packagePath("package.json"), "utf8"));
    return join(folder, `thingscope-${version}.tgz`);
  });
  return made;
}

interface Locked {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What npm installs with the package in `home`, and `beside` it. */
async function librariesOf(home: string, beside: readonly string[]): Promise<Set<string>> {
  const lock = JSON.parse(await readFile(packagePath("package-lock.json"), "utf8"));
  const locked: Readonly<Record<string, Locked>> = lock.packages;
  const found = new Set<string>();
  const add = ({ dependencies, optionalDependencies }: Locked) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const path = `node_modules/${name}`;
      if (found.has(path) || !existsSync(packagePath(path))) continue; // of other processors
      found.add(path);
      add(locked[path] ?? {});
    }
  };
  add(JSON.parse(await readFile(join(home, "package.json"), "utf8")));
  add({ dependencies: Object.fromEntries(beside.map((name) => [name, "*"])) });
  return found;
}
