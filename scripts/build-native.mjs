// Builds the addons under native/ with the system's C compiler, offline: `npm ci` and `npm install` run this.
// Each folder native/NAME holds C files and becomes native/NAME/build/Release/NAME.node, where node-gyp-build
// looks for it. Without a compiler, or on another system than Linux, it says so and succeeds: the package runs
// without addons, a little worse. Decision record 0013 tells why this is not node-gyp.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const nativeFolder = join(dirname(fileURLToPath(import.meta.url)), "..", "native");
const compiler = process.env.CC || "cc";

const missing = whatIsMissing();
if (missing) {
  console.log(`Addons are not built: ${missing} Everything runs without them, a little worse.`);
} else {
  for (const folder of readdirSync(nativeFolder, { withFileTypes: true })) {
    if (folder.isDirectory()) build(folder.name);
  }
}

function whatIsMissing() {
  if (process.platform !== "linux") return `they are for Linux, and this is ${process.platform}.`;
  if (!headers()) return "the package node-api-headers is not installed.";
  const { error } = spawnSync(compiler, ["--version"]);
  if (error) {
    return `there is no C compiler '${compiler}' (on Debian: apt install gcc libc6-dev; then npm run build:native).`;
  }
  return undefined;
}

function headers() {
  try {
    return createRequire(import.meta.url)("node-api-headers").include_dir;
  } catch {
    return undefined;
  }
}

function build(name) {
  const folder = join(nativeFolder, name);
  const release = join(folder, "build", "Release");
  const output = join(release, `${name}.node`);
  const sources = readdirSync(folder).filter((file) => file.endsWith(".c"));
  mkdirSync(release, { recursive: true });
  const flags = ["-O2", "-Wall", "-Wextra", "-std=gnu11", "-fPIC", "-shared"];
  const inputs = sources.map((file) => join(folder, file));
  const { status, stderr } = spawnSync(
    compiler,
    [...flags, "-DNAPI_VERSION=8", `-I${headers()}`, "-o", output, ...inputs],
    { encoding: "utf8" },
  );
  if (stderr) process.stderr.write(stderr);
  if (status !== 0) {
    rmSync(output, { force: true });
    console.log(`The addon ${name} is not built: '${compiler}' failed; its reason is above.`);
    return;
  }
  console.log(`Built native/${name}/build/Release/${name}.node`);
}
