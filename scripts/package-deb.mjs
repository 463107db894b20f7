// Makes Debian packages: thingscope_VERSION_ARCH.deb, and thingscope-node_VERSION_ARCH.deb with the Node that Debian 12 lacks
// (decision record 0209). `npm run package:deb` builds what goes in first.
//   node scripts/package-deb.mjs [--arch amd64|arm64] [--to FOLDER] [--package FILE.tgz] [--compression xz|gzip|none] [--without-node]
// Needs dpkg-deb and npm's registry, and neither root nor a machine of that processor.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { installLibraries } from "./install-libraries.mjs";
import { root } from "./native-parts.mjs";

/** The newest of the line that all tests run with. */
const NODE = "20.20.2";
const CPUS = { amd64: "x64", arm64: "arm64" };
const MAINTAINER =
  process.env.THINGSCOPE_MAINTAINER ?? "The Thingscope authors <thingscope@localhost>";

const { values: options } = parseArgs({
  options: {
    arch: { type: "string", default: process.arch === "arm64" ? "arm64" : "amd64" },
    to: { type: "string", default: root },
    package: { type: "string" },
    compression: { type: "string", default: "xz" },
    "without-node": { type: "boolean", default: false },
  },
});
const cpu = CPUS[options.arch];
if (!cpu) {
  console.error(
    `There are packages for ${Object.keys(CPUS).join(" and ")}, not '${options.arch}'.`,
  );
  process.exit(2);
}
const { version, description } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const to = resolve(options.to);
mkdirSync(to, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), "thingscope-deb-"));
try {
  packServer(join(scratch, "thingscope"));
  if (!options["without-node"]) packNode(join(scratch, "thingscope-node"));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function packServer(tree) {
  const home = join(tree, "usr", "lib", "thingscope");
  mkdirSync(home, { recursive: true });
  run("tar", ["-xzf", packageFile(), "-C", home, "--strip-components=1"]);
  installLibraries(home, ["--os=linux", `--cpu=${cpu}`, "--libc=glibc"]);
  const debian = join(root, "packaging", "debian");
  place(join(debian, "thingscope"), join(tree, "usr", "bin"), "thingscope");
  place(join(debian, "thingscope-service"), join(tree, "usr", "sbin"));
  place(join(debian, "thingscope.service"), join(tree, "usr", "lib", "systemd", "system"));
  place(join(debian, "thingscope.default"), join(tree, "etc", "default"), "thingscope");
  place(join(root, "LICENSE"), join(tree, "usr", "share", "doc", "thingscope"), "copyright");
  place(join(root, "CHANGELOG.md"), join(tree, "usr", "share", "doc", "thingscope"));
  for (const script of ["postinst", "prerm", "postrm"]) {
    place(join(debian, script), join(tree, "DEBIAN"));
  }
  writeFileSync(join(tree, "DEBIAN", "conffiles"), "/etc/default/thingscope\n");
  build(tree, {
    Package: "thingscope",
    Version: version,
    Depends: "nodejs (>= 20.19) | thingscope-node, init-system-helpers",
    Recommends: "libnss-systemd",
    Suggests: "ffmpeg, gstreamer1.0-tools",
    Description: `camera server with a dashboard\n ${description}`,
  });
}

function packNode(tree) {
  const name = `node-linux-${cpu}`;
  const home = join(tree, "usr", "lib", "thingscope-node");
  const archive = run("npm", ["pack", "--silent", `${name}@${NODE}`], scratch).trim();
  const unpacked = join(scratch, name);
  mkdirSync(unpacked);
  run("tar", ["-xzf", join(scratch, archive), "-C", unpacked, "--strip-components=1"]);
  place(join(unpacked, "bin", "node"), join(home, "bin"));
  place(
    join(unpacked, "LICENSE"),
    join(tree, "usr", "share", "doc", "thingscope-node"),
    "copyright",
  );
  build(tree, {
    Package: "thingscope-node",
    Version: NODE,
    Depends: "libc6 (>= 2.28), libstdc++6",
    Description:
      "Node for the package thingscope\n Only Thingscope uses it. Debian 13 and later have a nodejs of their own, which does as well.",
  });
}

/** The file that npm publishes, so that all packages have the same in them. */
function packageFile() {
  if (options.package) return resolve(options.package);
  run(process.execPath, [join(root, "scripts", "package-npm.mjs"), "--to", scratch]);
  return join(scratch, `thingscope-${version}.tgz`);
}

function build(tree, fields) {
  const installed = Math.ceil(Number(run("du", ["-sk", tree]).split("\t")[0]));
  const common = {
    Architecture: options.arch,
    Maintainer: MAINTAINER,
    "Installed-Size": installed,
    Section: "video",
    Priority: "optional",
  };
  const { Description, ...others } = { ...fields, ...common };
  const lines = Object.entries({ ...others, Description }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  mkdirSync(join(tree, "DEBIAN"), { recursive: true });
  writeFileSync(join(tree, "DEBIAN", "control"), `${lines.join("\n")}\n`);
  // Modes are those of the files here, which a umask of this user must not narrow.
  run("chmod", ["-R", "u=rwX,go=rX", tree]);
  const file = join(to, `${fields.Package}_${fields.Version}_${options.arch}.deb`);
  run("dpkg-deb", ["--root-owner-group", `-Z${options.compression}`, "--build", tree, file]);
  const bytes = Number(run("stat", ["--format=%s", file]));
  console.log(`Made ${file}: ${mb(bytes)}, ${mb(installed * 1024)} installed`);
}

/** Copies a file into a folder, which is made. */
function place(file, folder, name = file.slice(file.lastIndexOf("/") + 1)) {
  mkdirSync(folder, { recursive: true });
  cpSync(file, join(folder, name));
}

function run(program, args, cwd = root) {
  return execFileSync(program, args, { cwd, encoding: "utf8", maxBuffer: 2 ** 26 });
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
