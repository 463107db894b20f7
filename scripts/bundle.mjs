// Puts the compiled package and the libraries that it imports into some forty files under dist/bundle/, which `npm start` and the command of
// an installed package run: node takes three quarters of a second to find and read 1300 modules one by one (docs/decisions/0110).
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// Their pages, too.
await import("./compile-pages.mjs");

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { exports } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
/** What may be imported by name, and what runs in threads of its own. */
const modules = Object.values(exports)
  .flatMap((target) => target.node ?? target.default ?? [])
  .map((path) => path.replace("./dist/", ""));
const threads = ["src/cli/watchdog-thread.js", "src/cli/module-hook.js"];
threads.push("src/adapters/pystreaming/handler-thread.js", "src/sources/v4l2/fallback-program.js");
const entries = ["src/cli/main.js", ...modules, ...threads];

/** As it was published, and not what scripts/bundle-typebox.mjs has made of it for tests. */
const typebox = {
  name: "typebox",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^typebox(\/|$)/ }, ({ path, kind, pluginData }) => {
      if (pluginData === typebox) return undefined;
      return resolve(path, { resolveDir: root, kind, pluginData: typebox });
    });
  },
};

/** One copy of each module: what this package imports of itself by name is the file beside. */
const ownNames = {
  name: "own-names",
  setup({ onResolve }) {
    onResolve({ filter: /^thingscope(\/|$)/ }, ({ path }) => {
      const target = exports[path.replace("thingscope", ".")];
      return target && { path: join(root, target.node ?? target.default) };
    });
  },
};

/** What is loaded for the few who want it lies in a file of its own, since reading it takes time from everybody's start. */
const loadedLater = {
  name: "loaded-later",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]server[\\/]own-app\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const call = 'load("express")';
      if (!text.includes(call)) throw new Error(`${path} does not load express by '${call}'.`);
      const file = 'packagePath("dist", "bundle", "express.cjs")';
      const needs = 'import { packagePath } from "../base/package-root.js";\n';
      return { contents: needs + text.replace(call, `load(${file})`), resolveDir: dirname(path) };
    });
  },
};

const folder = join(root, "dist", "bundle");
const common = {
  absWorkingDir: join(root, "dist"),
  metafile: true,
  write: false,
  bundle: true,
  platform: "node",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
};
const { metafile, outputFiles } = await build({
  ...common,
  entryPoints: [
    ...entries.map((path) => ({ in: path, out: path.replace(/\.js$/, "") })),
    // For users' Things, which import it: src/cli/import-module.ts.
    { in: "typebox", out: "typebox" },
  ],
  outdir: "bundle",
  chunkNames: "chunks/[name]-[hash]",
  splitting: true,
  format: "esm",
  plugins: [ownNames, typebox, loadedLater],
  // These have files beside their code.
  external: ["sharp", "zeromq", "tsx", "tsx/*", "bonjour-service", "@nats-io/*", "mqtt"],
  // Libraries in CommonJS ask for node's own modules by `require`.
  banner: {
    js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
  },
});
const later = await build({
  ...common,
  stdin: { contents: 'module.exports = require("express");', resolveDir: root },
  outfile: "bundle/express.cjs",
  format: "cjs",
});
const made = [...later.outputFiles, ...outputFiles];
const files = new Map(made.map(({ path, contents }) => [relative(folder, path), contents]));
const inputs = [metafile, later.metafile].flatMap((one) => Object.keys(one.inputs));
inputs.push(...librariesOfPages());
for (const [name, text] of tellLibraries(inputs)) files.set(name, text);
putAll(files);

/**
 * Each file takes the place of the one before it, and those of before that are none any more go last: what begins to run meanwhile, as
 * tests beside this one do, finds a whole bundle. What is imported comes before what imports it.
 */
function putAll(all) {
  const isChunk = (name) => name.startsWith("chunks");
  const names = [...all.keys()].sort((a, b) => Number(isChunk(b)) - Number(isChunk(a)));
  for (const name of names) put(join(folder, name), all.get(name));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !all.has(relative(folder, path))) rmSync(path, { force: true });
  }
}

function put(path, contents) {
  mkdirSync(dirname(path), { recursive: true });
  const draft = join(dirname(folder), `bundle.${process.pid}`);
  const isProgram = Buffer.from(contents).toString("latin1", 0, 2) === "#!";
  writeFileSync(draft, contents, { mode: isProgram ? 0o755 : 0o644 });
  renameSync(draft, path);
}

/** What pages are made of lies under dist/pages (scripts/compile-pages.mjs). @returns The files from which it was copied. */
function librariesOfPages() {
  const list = readFileSync(join(root, "dist", "public", "modules.json"), "utf8");
  const { modules } = JSON.parse(list);
  return modules
    .filter((path) => path.startsWith("lib/"))
    .map((path) => path.replace("lib/", "../node_modules/"));
}

/** Libraries that are in the bundle are installed for nobody who installs the package: their versions and licences lie beside it, in these files. */
function tellLibraries(inputs) {
  const folders = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0]);
  const found = [...new Set(folders)]
    .filter(Boolean)
    .map((path) => libraryIn(join(root, "dist", path)));
  const libraries = found.sort((a, b) => (a.name < b.name ? -1 : 1));
  const versions = Object.fromEntries(libraries.map(({ name, version }) => [name, version]));
  const texts = libraries.map(
    ({ name, version, license, text }) => `${name} ${version}, ${license}\n\n${text.trim()}\n`,
  );
  return [
    ["libraries.json", `${JSON.stringify(versions, null, 2)}\n`],
    ["LICENSES.txt", texts.join(`\n${"-".repeat(80)}\n\n`)],
  ];
}

function libraryIn(folder) {
  const { name, version, license, author } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  );
  const file = readdirSync(folder).find((one) => /^licen[cs]e/i.test(one));
  const text = file ? readFileSync(join(folder, file), "utf8") : `By ${author?.name ?? author}.`;
  return { name, version, license, text };
}
