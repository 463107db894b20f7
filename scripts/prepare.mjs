// Makes a checkout ready to use after `npm ci`, so that the README's `npx thingscope` runs: compiles it, and puts the
// command where npx looks, which npm does for packages that are installed but not for the one that it stands in.
// The command runs what the compiler has made, not the bundle that an installed package runs: so it is never older than the last `tsc`.
// npm does not run this where the package is installed from a registry: what is published is compiled already.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

if (!existsSync(compiler)) {
  console.log(
    "Nothing is compiled: that needs the development dependencies (npm ci without --omit=dev).",
  );
} else {
  for (const script of [compiler, join(root, "scripts", "bundle.mjs")]) {
    const { status } = spawnSync(process.execPath, [script], { cwd: root, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
  link();
}

function link() {
  const main = join(root, "dist", "src", "cli", "main.js");
  const command = join(root, "node_modules", ".bin", "thingscope");
  chmodSync(main, 0o755);
  mkdirSync(dirname(command), { recursive: true });
  rmSync(command, { force: true });
  try {
    symlinkSync(join("..", "..", "dist", "src", "cli", "main.js"), command);
  } catch (error) {
    console.log(`npx thingscope is not there (${error.code}): node ${main} does the same.`);
  }
}
