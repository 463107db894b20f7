// Makes the file that is published, thingscope-VERSION.tgz: `npm run package:npm`. It has what `files` of package.json names, without
// what only a checkout can do: of the scripts only the one that npm runs at an installation, of the documents no links to what stays behind
// (decision record 0206). What it exports is the bundle, and so it depends on no library that is in that (decision record 0220).
//   node scripts/package-npm.mjs [--to FOLDER]
// prepublishOnly calls it with --refuse: what `npm publish` would pack here by itself is another file.
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize, resolve } from "node:path";
import { parseArgs } from "node:util";
import { root } from "./native-parts.mjs";

const { values: options } = parseArgs({
  options: { to: { type: "string", default: root }, refuse: { type: "boolean" } },
});
if (options.refuse) {
  console.error(
    "This folder is not what is published. Run 'npm run package:npm', then 'npm publish' with the file that it makes.",
  );
  process.exit(1);
}

/** What pages of others load, as ES modules without a bundler. */
const BROWSER_CLIENT = "dist/src/client/index.js";

/**
 * What the types of the package name: whoever compiles TypeScript against it has these, and nobody who runs the command waits for their
 * 1600 files (docs/decisions/0233).
 */
const FOR_COMPILERS = ["@types/express", "@types/node", "typebox"];

const staged = mkdtempSync(join(tmpdir(), "thingscope-package-"));
try {
  const files = carriedFiles();
  for (const file of files) stage(file, new Set(files));
  console.log(`Made ${archive()}, ${files.length} files`);
} finally {
  rmSync(staged, { recursive: true, force: true });
}

/** As npm writes it, with modes and times that do not depend on this checkout. */
function archive() {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const to = resolve(options.to, `thingscope-${version}.tgz`);
  mkdirSync(dirname(to), { recursive: true });
  const same = ["--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mode=u=rwX,go=rX"];
  const args = ["-C", staged, ...same, "--mtime=1985-10-26", "-I", "gzip -9", "-cf", to, "package"];
  execFileSync("tar", args);
  return `${to}: ${mb(statSync(to).size)}`;
}

/** What `files` names, but of the modules that are in the bundle only those that pages load as they are. */
function carriedFiles() {
  const [{ files }] = JSON.parse(npm(["pack", "--ignore-scripts", "--dry-run", "--json"], root));
  const forPages = modulesOf(BROWSER_CLIENT);
  return files
    .map(({ path }) => path)
    .filter((path) => !/^dist\/(src|things)\/.*\.js$/.test(path) || forPages.has(path));
}

/** A module and what it imports, and what that imports. */
function modulesOf(file, found = new Set()) {
  found.add(file);
  for (const [, path] of readFileSync(join(root, file), "utf8").matchAll(/\bfrom "(\.[^"]+)"/g)) {
    const imported = join(dirname(file), path);
    if (!found.has(imported)) modulesOf(imported, found);
  }
  return found;
}

function npm(args, cwd) {
  return execFileSync("npm", args, { cwd, encoding: "utf8", maxBuffer: 2 ** 26 });
}

function stage(file, carried) {
  const [from, to] = [join(root, file), join(staged, "package", file)];
  mkdirSync(dirname(to), { recursive: true });
  if (file === "package.json") writeFileSync(to, manifest(JSON.parse(readFileSync(from, "utf8"))));
  else if (file.endsWith(".md")) {
    writeFileSync(to, withoutLinksAway(readFileSync(from, "utf8"), dirname(file), carried));
  } else copyFileSync(from, to);
}

/** @returns package.json for those who install: npm would fetch what `devDependencies` name for nobody. */
function manifest({ scripts, devDependencies, dependencies, exports, ...kept }) {
  const place = kept.repository ? {} : placeOfSource();
  const all = { ...devDependencies, ...dependencies };
  const changed = {
    exports: Object.fromEntries(
      Object.entries(exports).map(([name, target]) => [name, inBundle(target)]),
    ),
    dependencies: needed(dependencies),
    peerDependencies: { ...kept.peerDependencies, ...pick(all, FOR_COMPILERS) },
    peerDependenciesMeta: {
      ...kept.peerDependenciesMeta,
      ...Object.fromEntries(FOR_COMPILERS.map((name) => [name, { optional: true }])),
    },
    // What 'thingscope init' writes into a project.
    projectVersions: pick(all, ["@types/node", "typebox", "typescript"]),
    scripts: { install: scripts.install },
  };
  return `${JSON.stringify({ ...kept, ...place, ...changed }, null, 2)}\n`;
}

/** What an entry of `exports` is in the bundle. Browsers, and bundlers for them, have the client as it was compiled. */
function inBundle(target) {
  if (typeof target === "string") return target;
  const moved = Object.entries(target).map(([condition, path]) => {
    const isModule = path.endsWith(".js") && path !== `./${BROWSER_CLIENT}`;
    return [condition, isModule ? path.replace("./dist/", "./dist/bundle/") : path];
  });
  return Object.fromEntries(moved);
}

/** Without the libraries that are in the bundle. */
function needed(dependencies) {
  const bundled = JSON.parse(readFileSync(join(root, "dist", "bundle", "libraries.json"), "utf8"));
  const isKept = (name) => !(name in bundled) && !FOR_COMPILERS.includes(name);
  return pick(dependencies, Object.keys(dependencies).filter(isKept));
}

function pick(values, names) {
  return Object.fromEntries(names.map((name) => [name, values[name]]));
}

/** Where this checkout was cloned from is where the next person finds the source. */
function placeOfSource() {
  const url = process.env.THINGSCOPE_REPOSITORY ?? originOfClone();
  if (!url?.startsWith("https://")) {
    console.error(
      "The package names no repository, homepage and place for bugs: this checkout was not cloned from an https address. THINGSCOPE_REPOSITORY=https://... names it.",
    );
    return {};
  }
  const home = url.replace(/\.git$/, "");
  return {
    repository: { type: "git", url: `git+${home}.git` },
    homepage: `${home}#readme`,
    bugs: { url: `${home}/issues` },
  };
}

function originOfClone() {
  try {
    const options = { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] };
    return execFileSync("git", ["remote", "get-url", "origin"], options)
      .trim()
      .replace(/^git@([^:]+):/, "https://$1/");
  } catch {
    return undefined; // no git, or no clone
  }
}

/** A link to a file that is not carried becomes its text, a picture that is not carried nothing. */
function withoutLinksAway(text, folder, carried) {
  const isCarried = (target) => {
    const path = normalize(join(folder, target)).replace(/\/$/, "");
    return [...carried].some((file) => file === path || file.startsWith(`${path}/`));
  };
  return text
    .replace(/<picture>[\s\S]*?<\/picture>\n*/g, "")
    .replace(/(!?)\[([^\]]*)\]\(([^)#\s]*)(?:#[^)]*)?\)/g, (link, picture, words, target) => {
      if (!target || /^[a-z]+:/.test(target) || isCarried(target)) return link;
      return picture ? "" : words;
    });
}

function mb(bytes) {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
