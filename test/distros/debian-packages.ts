import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../temporary-folder.ts";
import { call, packed } from "./downloads.ts";

/** The package of the server, and the one with a Node. */
export interface DebianPackages {
  readonly server: string;
  readonly node: string;
}

/** A folder with packages that are to be tested: those of a release. Without it they are made. */
const { THINGSCOPE_DEBIAN_PACKAGES: GIVEN } = process.env;

/** The packages for a processor. Those that are made here are not compressed, which would take minutes. */
export async function debianPackages(architecture: "amd64" | "arm64"): Promise<DebianPackages> {
  const folder = GIVEN || (await made(architecture));
  const all = (await readdir(folder))
    .filter((file) => file.endsWith(`_${architecture}.deb`))
    .sort();
  const [node, server, ...others] = all.map((file) => join(folder, file));
  assert.ok(node && server && others.length === 0, `${folder}: ${all}`);
  return { node, server };
}

async function made(architecture: string): Promise<string> {
  const folder = await temporaryFolder("debian-packages-");
  const archive = join(await packed(await temporaryFolder("packed-")), "thingscope.tgz");
  const options = ["--package", archive, "--arch", architecture];
  const env = { ...process.env, npm_config_prefer_offline: "true" };
  const to = ["--compression", "none", "--to", folder];
  await call(process.execPath, ["scripts/package-deb.mjs", ...options, ...to], { env });
  return folder;
}

/** The same package as it was under an older version, with other words in its file of options. */
export async function olderPackage(server: string): Promise<string> {
  const folder = await temporaryFolder("older-package-");
  const tree = join(folder, "tree");
  await call("dpkg-deb", ["--raw-extract", server, tree]);
  const control = join(tree, "DEBIAN", "control");
  const text = await readFile(control, "utf8");
  await writeFile(control, text.replace(/^Version: .*$/m, "Version: 0.0.1"));
  await writeFile(join(tree, "etc", "default", "thingscope"), '# As it was before.\nOPTIONS=""\n');
  const older = join(folder, "thingscope_0.0.1_amd64.deb");
  await call("dpkg-deb", ["--root-owner-group", "-Znone", "--build", tree, older]);
  return older;
}
