// Builds what is under native/ with the system's C compiler, offline: `npm ci` and `npm install` run this in a checkout. An
// installed package has binaries in prebuilds/ for the commonest systems, and at its installation builds its own elsewhere.
// `--changed` builds only what is older than its sources. native/NAME becomes native/NAME/build/Release/NAME.node, or NAME if it is a program. Without a compiler, or on another system
// than Linux, it says so and succeeds: the package runs without, a little worse. Decision records 0013 and 0131.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  addonFlags,
  isInstalledPackage,
  nativeParts,
  nodeHeaders,
  programFlags,
  root,
} from "./native-parts.mjs";

const { values: options } = parseArgs({
  options: { "unless-prebuilt": { type: "boolean" }, changed: { type: "boolean" } },
});
const compiler = process.env.CC || "cc";
const prebuilt = join(root, "prebuilds", `${process.platform}-${process.arch}`);

const missing = whatIsMissing();
if (options["unless-prebuilt"] && isInstalledPackage() && existsSync(prebuilt)) {
  console.log(
    `Nothing is to be built: the package has it for ${process.platform}-${process.arch}.`,
  );
} else if (missing) {
  console.log(`Addons are not built: ${missing} Everything runs without them, a little worse.`);
} else {
  for (const part of nativeParts()) {
    if (!options.changed || isOlder(part)) build(part);
  }
}

function whatIsMissing() {
  if (process.platform !== "linux") return `they are for Linux, and this is ${process.platform}.`;
  if (!nodeHeaders()) return "the package node-api-headers is not installed.";
  const { error } = spawnSync(compiler, ["--version"]);
  if (error) {
    return `there is no C compiler '${compiler}' (on Debian: apt install gcc libc6-dev; then npm run build:native).`;
  }
  return undefined;
}

/** Whether something of a part is newer than what was built of it. */
function isOlder({ folder, output }) {
  const built = statSync(join(folder, "build", "Release", output), { throwIfNoEntry: false });
  const files = readdirSync(folder).filter((file) => /\.[ch]$/.test(file));
  return !built || files.some((file) => statSync(join(folder, file)).mtimeMs > built.mtimeMs);
}

function build(part) {
  const output = join(part.folder, "build", "Release", part.output);
  mkdirSync(join(part.folder, "build", "Release"), { recursive: true });
  const flags = part.isProgram ? programFlags() : addonFlags();
  // The program does without a JPEG encoder where libjpeg's headers are missing: the server encodes then.
  const ways = part.isProgram
    ? [
        [["-DWITH_JPEG"], ["-ljpeg"]],
        [[], []],
      ]
    : [[[], []]];
  for (const [defines, libraries] of ways) {
    const last = libraries.length === 0;
    const inputs = [...flags, ...defines, "-o", output, ...part.sources, ...libraries];
    const { status, stderr } = spawnSync(compiler, inputs, { encoding: "utf8" });
    if (stderr && (last || status === 0)) process.stderr.write(stderr);
    if (status === 0) {
      const without = part.isProgram && last ? " without a JPEG encoder (libjpeg62-turbo-dev)" : "";
      console.log(`Built native/${part.name}/build/Release/${part.output}${without}`);
      return;
    }
  }
  rmSync(output, { force: true });
  const kind = part.isProgram ? "program" : "addon";
  console.log(`The ${kind} ${part.name} is not built: '${compiler}' failed; its reason is above.`);
}
