// Compiles the pages (public/, with a tsconfig of its own) and lists the modules that each is made of in dist/public/modules.json:
// the server gives out those and no others, and tells browsers of all at once (docs/decisions/0170). Nothing is bundled.
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const folder = join(root, "dist", "public");
const compiler = join(root, "node_modules", "typescript", "bin", "tsc");

const { status } = spawnSync(process.execPath, [compiler, "-p", "public"], {
  cwd: root,
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

/** What an HTML page names, and what a page runs in a thread of its own. */
const entries = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter(
  (name) => (/^[^/\\]+\.js$/.test(name) || name.endsWith("-worker.js")) && name !== "elements.js",
);
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: entries.map((name) => join("dist", "public", name)),
  outdir: folder,
  bundle: true,
  write: false,
  metafile: true,
  format: "esm",
  platform: "browser",
  logLevel: "warning",
});

const imports = {};
for (const { imports: found } of Object.values(metafile.inputs)) {
  for (const { original, path } of found) {
    if (original !== undefined && !/^[./]/.test(original)) imports[original] = servedPath(path);
  }
}
const pages = Object.fromEntries(
  entries.map((name) => [name, modulesOf(`dist/public/${name}`).map(servedPath)]),
);
/** What each page begins with, its workers' modules too, and what comes behind that (docs/decisions/0204). */
const order = Object.fromEntries(
  entries.filter((name) => !name.endsWith("-worker.js")).map((name) => [name, orderOf(name)]),
);
/** Also those that a page imports only when it needs them. */
const modules = Object.keys(metafile.inputs).map(servedPath).sort();
for (const input of Object.keys(metafile.inputs)) await serve(input);
const list = { pages, order, imports: sorted(imports), modules };
write(join(folder, "modules.json"), `${JSON.stringify(list, null, 2)}\n`);

await bundleElements();

/** One script for other people's pages, with its worker in it: docs/decisions/0185. */
async function bundleElements() {
  const bundled = {
    absWorkingDir: root,
    bundle: true,
    write: false,
    minify: true,
    format: "iife",
    platform: "browser",
    target: "es2022",
    logLevel: "warning",
  };
  const worker = join("dist", "public", "frames", "picture-worker.js");
  const { outputFiles } = await build({ ...bundled, entryPoints: [worker] });
  const style = readFileSync(join(root, "public", "page.css"), "utf8");
  const [, tokens] = /:root \{([^}]*)\}/.exec(style);
  await build({
    ...bundled,
    write: true,
    entryPoints: [join("dist", "public", "elements.js")],
    outfile: join(folder, "bundled", "elements.js"),
    define: {
      "import.meta.url": "THINGSCOPE_SCRIPT",
      PAGE_TOKENS: JSON.stringify(tokens.replace("color-scheme: light dark;", "")),
      PICTURE_WORKER: JSON.stringify(outputFiles[0].text),
    },
    banner: {
      js: 'if (!customElements.get("camera-view")) { const THINGSCOPE_SCRIPT = document.currentScript?.src ?? location.href;',
    },
    footer: { js: "}" },
  });
}

/** A module and all that it imports, each behind what it needs. */
function modulesOf(entry, found = new Set()) {
  for (const { path, kind } of metafile.inputs[entry].imports) {
    if (kind === "import-statement" && !found.has(path)) modulesOf(path, found);
  }
  return [...found.add(entry)];
}

function orderOf(name) {
  const entry = `dist/public/${name}`;
  const own = modulesOf(entry);
  const [start] = metafile.inputs[entry].imports;
  const begun = start ? modulesOf(start.path) : [];
  const workers = begun.flatMap(workersOf).flatMap((worker) => modulesOf(worker));
  const first = new Set([...begun, ...workers, ...own]);
  const next = own
    .flatMap((path) => metafile.inputs[path].imports)
    .filter(({ kind }) => kind === "dynamic-import");
  const behind = new Set(next.flatMap(({ path }) => modulesOf(path)));
  const later = [...behind].filter((path) => !first.has(path));
  return { first: [...first].map(servedPath), later: later.map(servedPath) };
}

/** The workers that a module starts. */
function workersOf(path) {
  const text = readFileSync(join(root, path), "utf8");
  const names = [...text.matchAll(/new URL\("\.\/([\w-]+-worker\.js)", import\.meta\.url\)/g)];
  return names.map(([, name]) => `${dirname(path)}/${name}`);
}

/** Under `assets/`: what this package compiled as under dist/, libraries under lib/. */
function servedPath(path) {
  return path.replace(/^dist\//, "").replace(/^(?:\.\.\/)*(?:.*\/)?node_modules\//, "lib/");
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort());
}

/**
 * A module as it is sent: other people's as they publish it, and what was compiled here without comments and indentation, and with
 * short names for what it does not export. The readable one is under dist/public.
 */
async function serve(input) {
  const path = servedPath(input);
  const text = readFileSync(join(root, input), "utf8");
  const isOwn = !path.startsWith("lib/");
  const sent = isOwn ? (await transform(text, { minify: true, target: "es2022" })).code : text;
  write(join(root, "dist", "pages", path), sent);
}

/** In one step: a server that starts meanwhile reads the one or the other. */
function write(file, text) {
  try {
    if (readFileSync(file, "utf8") === text) return;
  } catch {
    mkdirSync(dirname(file), { recursive: true });
  }
  writeFileSync(`${file}.${process.pid}`, text);
  renameSync(`${file}.${process.pid}`, file);
}
