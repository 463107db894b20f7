// Builds the binaries that travel in the package: prebuilds/linux-x64 and linux-arm64, each with the addons and the V4L2 program.
// `npm pack` runs this. Programs are static, against musl and libjpeg-turbo; addons name no C library at all, so that the same
// file loads beside glibc of any version and beside musl (decision record 0131). On Debian, scripts/setup installs what that needs.
//   node scripts/build-prebuilds.mjs [--to FOLDER] [--required]
// Without the compilers it says so and builds nothing; with --required, as for `npm publish`, that is an error.
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { addonFlags, nativeParts, nodeHeaders, programFlags, root } from "./native-parts.mjs";

const { values: options } = parseArgs({
  options: {
    to: { type: "string", default: join(root, "prebuilds") },
    required: { type: "boolean", default: false },
  },
});

const TARGETS = [
  {
    name: "linux-x64",
    triplet: "x86_64-linux-gnu",
    musl: "x86_64-linux-musl",
    files: "amd64",
    kernelHeaders: ["/usr/include", "/usr/include/x86_64-linux-gnu"],
  },
  {
    name: "linux-arm64",
    triplet: "aarch64-linux-gnu",
    musl: "aarch64-linux-musl",
    files: "arm64",
    kernelHeaders: ["/usr/aarch64-linux-gnu/include"],
  },
];

const missing = whatIsMissing();
if (missing) {
  console.error(`No binaries are built for the package: ${missing}. On Debian, run scripts/setup.`);
  process.exit(options.required ? 1 : 0);
}
for (const target of TARGETS) buildAll(target);

function whatIsMissing() {
  if (process.platform !== "linux") return `that needs Linux, and this is ${process.platform}`;
  if (!nodeHeaders()) return "the package node-api-headers is not installed";
  for (const { triplet, files } of TARGETS) {
    if (spawnSync(`${triplet}-gcc`, ["--version"]).error) return `there is no ${triplet}-gcc`;
    if (!existsSync(crossFolder(files))) return `.cross/${files} is not there`;
  }
  return undefined;
}

function crossFolder(files) {
  return join(root, ".cross", files);
}

/** Who packs meanwhile, or after this was stopped, finds all of a processor's binaries, or none. */
function buildAll(target) {
  const folder = join(resolve(options.to), target.name);
  mkdirSync(join(root, "build"), { recursive: true });
  const building = mkdtempSync(join(root, "build", `${target.name}-`));
  for (const part of nativeParts()) {
    const output = join(building, part.output);
    const flags = part.isProgram ? staticProgram(target, part) : addonForAny(part);
    const { status, stderr } = spawnSync(`${target.triplet}-gcc`, ["-s", "-o", output, ...flags], {
      encoding: "utf8",
    });
    if (stderr) process.stderr.write(stderr);
    if (status !== 0) {
      console.error(`${part.name} for ${target.name} is not built; the reason is above.`);
      process.exit(1);
    }
    chmodSync(output, 0o755);
  }
  replaceBy(building, folder);
  console.error(`Built ${folder}`); // stdout is that of npm pack --json
}

function replaceBy(built, folder) {
  chmodSync(built, 0o755);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  try {
    renameSync(built, folder);
  } catch (error) {
    if (error.code !== "EXDEV") throw error;
    cpSync(built, folder, { recursive: true });
    rmSync(built, { recursive: true });
  }
}

/** What it wants of the C library is found in the process that loads it, whichever library that has. */
function addonForAny(part) {
  return [...addonFlags(), "-nostdlib", ...part.sources, "-lgcc"];
}

function staticProgram({ triplet, musl, files, kernelHeaders }, part) {
  const there = join(crossFolder(files), "usr");
  const gcc = spawnSync(`${triplet}-gcc`, ["-print-file-name=include"], { encoding: "utf8" });
  const library = (name) => join(there, "lib", musl, name);
  const includes = ["-nostdinc", "-isystem", join(there, "include", musl)];
  includes.push("-isystem", gcc.stdout.trim());
  includes.push("-idirafter", join(there, "include"));
  includes.push("-idirafter", join(there, "include", triplet));
  for (const folder of kernelHeaders) includes.push("-idirafter", folder);
  return [
    ...programFlags(),
    ...["-static", "-no-pie", "-nostdlib", "-DWITH_JPEG", "-DFOR_MUSL"],
    ...includes,
    ...[library("crt1.o"), library("crti.o")],
    ...part.sources,
    join(there, "lib", triplet, "libjpeg.a"),
    ...["-Wl,--start-group", library("libc.a"), "-lgcc", "-Wl,--end-group"],
    library("crtn.o"),
  ];
}
