import { execFile } from "node:child_process";
import { mkdir, readFile, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";

const run = promisify(execFile);

/** Puts what npm packs, and its dependencies, but nothing of this repository, into `folder`. Returns where the package is. */
export async function installPacked(folder: string): Promise<string> {
  const archive = await packed(folder);
  const home = join(folder, "node_modules", "thingscope");
  await mkdir(home, { recursive: true });
  await run("tar", ["-xzf", archive, "-C", home, "--strip-components=1"]);
  for (const path of await withoutDevDependencies()) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await symlink(packagePath(path), join(folder, path));
  }
  return home;
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

/** What npm installs with this package; Node's types are among it. */
async function withoutDevDependencies(): Promise<string[]> {
  const lock = JSON.parse(await readFile(packagePath("package-lock.json"), "utf8"));
  const packages = Object.entries(lock.packages as Record<string, { dev?: true; optional?: true }>);
  const wanted = packages.filter(([, { dev }]) => !dev).map(([path]) => path);
  return wanted.filter(
    (path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path) && path !== "node_modules/thingscope",
  );
}
