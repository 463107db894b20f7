// Puts node_modules beside an unpacked package, for those who cannot add to it with npm: Debian packages and images (decision record 0242).
// The versions are those of package-lock.json.
//   node scripts/install-libraries.mjs FOLDER [OPTIONS OF NPM, such as --cpu=arm64]
import { execFileSync } from "node:child_process";
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "./native-parts.mjs";

/** Optional peers that are carried: small, and without binaries. zeromq has 34 MB of these. */
const CARRIED = ["@nats-io/jetstream", "@nats-io/kv", "@nats-io/transport-node", "mqtt"];

/** What only compilers and readers of sources look at. */
const NOT_RUN = /\.(map|md|markdown|d\.[cm]?ts)$/i;

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const [folder, ...options] = process.argv.slice(2);
  if (!folder) {
    console.error("Usage: node scripts/install-libraries.mjs FOLDER [OPTIONS OF NPM]");
    process.exit(2);
  }
  installLibraries(folder, options);
}

/**
 * @param {string} folder - Of an unpacked package, with its package.json.
 * @param {string[]} target - npm's options for another system or processor.
 */
export function installLibraries(folder, target = []) {
  const lab = mkdtempSync(join(tmpdir(), "thingscope-libraries-"));
  try {
    cpSync(join(root, "package-lock.json"), join(lab, "package-lock.json"));
    writeFileSync(join(lab, "package.json"), withCarried(join(folder, "package.json")));
    const options = ["--omit=dev", "--omit=peer", "--ignore-scripts", "--no-audit", "--no-fund"];
    // npm warns of packages that ask for Node 22, which are tried with Node 20.
    const args = ["ci", "--loglevel=error", ...options, ...target];
    execFileSync("npm", args, { cwd: lab, stdio: ["ignore", "ignore", "inherit"] });
    const modules = join(lab, "node_modules");
    rmSync(join(modules, "@types"), { recursive: true, force: true });
    for (const file of readdirSync(modules, { recursive: true, encoding: "utf8" })) {
      if (NOT_RUN.test(file) && !/licen[cs]e|notice/i.test(file)) rmSync(join(modules, file));
    }
    cpSync(modules, join(folder, "node_modules"), { recursive: true, verbatimSymlinks: true });
  } finally {
    rmSync(lab, { recursive: true, force: true });
  }
}

function withCarried(file) {
  const { peerDependencies, peerDependenciesMeta, ...kept } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const carried = CARRIED.map((name) => [name, peerDependencies[name]]);
  const dependencies = { ...kept.dependencies, ...Object.fromEntries(carried) };
  return JSON.stringify({ ...kept, dependencies });
}
