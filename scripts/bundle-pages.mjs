// Makes of the compiled client one file that browsers load, dist/public/mjpeg-reader.js: pages read streams as every program does
// (docs/decisions/0118). It takes a twentieth of a second, so tests make it anew each time; a file that would be the same stays.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "dist", "public");

const { outputFiles } = await build({
  absWorkingDir: root,
  entryPoints: [join("dist", "src", "client", "mjpeg-reader.js")],
  outdir: folder,
  bundle: true,
  write: false,
  format: "esm",
  platform: "browser",
  target: "es2022",
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
});
mkdirSync(folder, { recursive: true });
for (const { path, contents } of outputFiles) {
  if (sameAs(path, contents)) continue;
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path); // a server that starts meanwhile reads the one or the other
}

function sameAs(path, contents) {
  try {
    return readFileSync(path).equals(contents);
  } catch {
    return false;
  }
}
