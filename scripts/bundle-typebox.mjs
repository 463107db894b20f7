// Puts the library typebox into a few files below dist/, where the compiled tests and what they test find it before its 373 modules in
// node_modules, which take node a third of a second of the processor in each process of a test. A published package has it in its bundle.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const original = join(root, "node_modules", "typebox");
const folder = join(root, "dist", "node_modules", "typebox");
const { name, version, exports } = JSON.parse(readFileSync(join(original, "package.json"), "utf8"));
const made = join(folder, "package.json");

if (!existsSync(made) || JSON.parse(readFileSync(made, "utf8")).version !== version) await make();

async function make() {
  const draft = `${folder}.${process.pid}`;
  await build({
    entryPoints: Object.values(exports).map((target) => join(original, target.default)),
    outbase: join(original, "build"),
    outdir: draft,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  });
  const own = Object.entries(exports).map(([path, target]) => [
    path,
    target.default.replace("./build/", "./"),
  ]);
  mkdirSync(draft, { recursive: true });
  const about = { name, version, type: "module", exports: Object.fromEntries(own) };
  writeFileSync(join(draft, "package.json"), JSON.stringify(about));
  rmSync(folder, { recursive: true, force: true });
  renameSync(draft, folder);
}
