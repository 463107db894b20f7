import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import type { KindName, Length, Row } from "../row.ts";

const run = promisify(execFile);

/** What a peer's package of Debian and the libraries of its own take; Node, GStreamer and the like are not counted for anybody. */
const PEERS: Partial<Record<KindName, string>> = { ustreamer: "ustreamer" };

export const PACKAGE_ROWS: readonly Row[] = [
  {
    ...{ id: "K1", group: "packages", title: "what is downloaded and installed, without Node" },
    ...{ kinds: ["ours", "ustreamer"], steadyFigure: "deb_installed_kb" },
    measure: (kind, length) => (kind === "ours" ? ownSizes(length) : sizesOfDebian(PEERS[kind]!)),
  },
];

/** The file for npm, what npm makes of it for this processor, and the Debian package. They need npm's registry, or its cache. */
async function ownSizes(length: Length): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-sizes-"));
  try {
    await runs(process.execPath, "scripts/build-prebuilds.mjs", "--required");
    await runs(process.execPath, "scripts/package-npm.mjs", "--to", folder);
    const archive = join(folder, (await readdir(folder))[0]!);
    const lab = join(folder, "lab");
    await mkdir(lab);
    await writeFile(join(lab, "package.json"), '{ "private": true }');
    await runs("npm", "install", "--silent", "--prefer-offline", "--prefix", lab, archive);
    const deb = await debOf(archive, folder, length);
    const modules = join(lab, "node_modules");
    const files = await readdir(modules, { recursive: true, withFileTypes: true });
    const isManifest = ({ name, parentPath }: { name: string; parentPath: string }) =>
      name === "package.json" && isPackage(parentPath);
    return {
      archive_kb: await kb(archive),
      packages: files.filter(isManifest).length,
      installed_kb: await diskKb(modules),
      deb_kb: await kb(deb),
      deb_installed_kb: Number(await runs("dpkg-deb", "--field", deb, "Installed-Size")),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Compressed as it is published; xz takes minutes of a busy machine, which a smoke test does not spend. */
async function debOf(archive: string, folder: string, length: Length): Promise<string> {
  const compressed = ["--compression", length === "smoke" ? "gzip" : "xz"];
  const made = ["--without-node", "--package", archive, "--to", folder, ...compressed];
  await runs(process.execPath, "scripts/package-deb.mjs", ...made);
  const files = await readdir(folder);
  return join(folder, files.find((file) => /^thingscope_.*\.deb$/.test(file))!);
}

async function sizesOfDebian(name: string): Promise<Sample> {
  const shown = await runs("apt-cache", "show", "--no-all-versions", name);
  const field = (key: string) => Number(new RegExp(`^${key}: (\\d+)`, "m").exec(shown)?.[1]);
  return { deb_kb: field("Size") / 1000, deb_installed_kb: field("Installed-Size") };
}

function isPackage(folder: string): boolean {
  return /node_modules\/(@[^/]+\/)?[^/]+$/.test(folder);
}

async function kb(file: string): Promise<number> {
  return (await stat(file)).size / 1000;
}

/** As `du` has it; what is linked twice counts once. */
async function diskKb(folder: string): Promise<number> {
  return Number((await runs("du", "-sk", folder)).split("\t")[0]);
}

/** Other cells are measured beside it in a smoke test, so nothing blocks here. */
async function runs(program: string, ...args: string[]): Promise<string> {
  return (await run(program, args, { cwd: packagePath(), maxBuffer: 2 ** 26 })).stdout;
}
