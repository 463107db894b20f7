// Compiles and bundles what `npm start` runs, unless that is newer than all that it is made of: asking costs a hundredth of a second, the
// compiler some seconds.
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sources = ["src", "things", "public", "package.json", "package-lock.json", "tsconfig.json"];
sources.push(join("scripts", "bundle.mjs"), join("scripts", "compile-pages.mjs"));

/** The folders are looked at, too: a file that was removed has changed its folder. */
function newestIn(path) {
  const found = statSync(path);
  if (!found.isDirectory()) return found.mtimeMs;
  return Math.max(found.mtimeMs, ...readdirSync(path).map((name) => newestIn(join(path, name))));
}

const made = statSync(join(root, "dist", "bundle", "src", "cli", "main.js"), {
  throwIfNoEntry: false,
});
const changed = Math.max(...sources.map((path) => newestIn(join(root, path))));
if (made === undefined || made.mtimeMs <= changed) {
  for (const script of [
    join("node_modules", "typescript", "bin", "tsc"),
    join("scripts", "bundle.mjs"),
  ]) {
    const { status } = spawnSync(process.execPath, [join(root, script)], {
      cwd: root,
      stdio: "inherit",
    });
    if (status !== 0) process.exit(status ?? 1);
  }
}
