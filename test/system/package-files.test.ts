// The file that is published carries whatever it names: scripts, examples, pages that its pages link to.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire, isBuiltin } from "node:module";
import { dirname, join, normalize } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { commandIn, installPacked } from "./install-packed.ts";

const timeout = TEST_MS;
const run = promisify(execFile);
let home = "";
/** What types of the package name, and who compiles has: optional peers. */
const FOR_COMPILERS = ["@types/express", "@types/node", "typebox"];
let files: ReadonlySet<string> = new Set();
let text: (file: string) => string;

before(
  async () => {
    home = await installPacked(await temporaryFolder("package-files-"));
    const entries = readdirSync(home, { recursive: true, withFileTypes: true });
    const found = entries.filter((entry) => entry.isFile());
    files = new Set(
      found.map(({ parentPath, name }) => join(parentPath, name).slice(home.length + 1)),
    );
    text = (file) => readFileSync(join(home, file), "utf8");
  },
  { timeout },
);

/** A file of the package, or a folder with one. */
function isCarried(path: string): boolean {
  const name = normalize(path).replace(/\/$/, "");
  return files.has(name) || [...files].some((file) => file.startsWith(`${name}/`));
}

/** What a compiled module or its declarations import by name. */
function importedBy(file: string): string[] {
  const needed = text(file).replace(/\/\*\* @ts-ignore .*\*\/\nimport .*/g, "");
  const found = needed.matchAll(
    /^(?:import|export)\b[^;"']*? from "([^"\n]+)";?$|^import "([^"\n]+)";$|\bimport\("([^"\n]+)"\)/gm,
  );
  return [...found].map(([, from, effect, call]) => from ?? effect ?? call!);
}

function pages(): string[] {
  return [...files].filter((file) => file.endsWith(".md"));
}

test("package.json names what runs: entries, commands and scripts that are there, and no development dependencies", () => {
  const manifest = JSON.parse(text("package.json"));
  const targets = Object.values(manifest.exports).flatMap((target) =>
    typeof target === "string" ? [target] : Object.values(target as Record<string, string>),
  );
  const named = [...targets, ...Object.values<string>(manifest.bin)];
  for (const script of Object.values<string>(manifest.scripts)) {
    named.push(/^node (\S+)/.exec(script)?.[1] ?? script);
  }
  assert.deepEqual(
    named.filter((path) => !isCarried(path)),
    [],
  );
  for (const command of Object.values<string>(manifest.bin)) {
    const { mode } = statSync(join(home, command));
    assert.equal(mode & 0o111, 0o111, `${command} can be run by its name, as in the image`);
  }
  assert.equal(manifest.devDependencies, undefined);
  for (const field of ["description", "keywords", "license", "engines", "os", "cpu", "author"]) {
    assert.ok(manifest[field], field);
  }
  for (const library of [
    "zeromq",
    "@nats-io/jetstream",
    "@nats-io/kv",
    "@nats-io/transport-node",
    "mqtt",
    ...FOR_COMPILERS,
  ]) {
    assert.ok(manifest.peerDependenciesMeta[library].optional, library);
    assert.equal(
      manifest.dependencies[library] ?? manifest.optionalDependencies[library],
      undefined,
    );
  }
});

test("what the package exports is the bundle, and libraries that are in it are installed for nobody", () => {
  const { exports, dependencies } = JSON.parse(text("package.json"));
  const modules = Object.entries<Record<string, string>>(exports).filter(
    ([, target]) => typeof target === "object",
  );
  for (const [name, { types, node, default: module }] of modules) {
    assert.match(node ?? module!, /^\.\/dist\/bundle\//, name);
    assert.match(types!, /^\.\/dist\/(src|things)\/.*\.d\.ts$/, name);
  }
  const bundled = Object.keys(JSON.parse(text("dist/bundle/libraries.json")));
  assert.deepEqual(
    Object.keys(dependencies).filter((name) => bundled.includes(name)),
    [],
  );
  const licences = text("dist/bundle/LICENSES.txt");
  for (const name of bundled) assert.ok(licences.includes(`${name} `), name);
});

test("every module and every type that the package exports finds what it imports", () => {
  const { name: own, exports, ...manifest } = JSON.parse(text("package.json"));
  const { dependencies, optionalDependencies, peerDependencies } = manifest;
  const installed = [own, ...Object.keys({ ...dependencies, ...optionalDependencies })];
  const known = [...installed, ...Object.keys(peerDependencies)];
  // Without `skipLibCheck` a missing type ends a compilation; whoever imports thingscope/pystreaming has ZeroMQ.
  const knownToTypes = [...installed, ...FOR_COMPILERS, "zeromq"];
  const entries = Object.values(exports).flatMap((target) =>
    typeof target === "object" ? Object.values(target as Record<string, string>) : [],
  );
  const [seen, missing] = [new Set<string>(), new Set<string>()];
  const follow = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    if (!files.has(file)) missing.add(file);
    else for (const target of importedBy(file)) lookUp(file, target);
  };
  const lookUp = (file: string, target: string) => {
    const isType = file.endsWith(".d.ts");
    if (target.startsWith(".")) {
      const path = join(dirname(file), target);
      return follow(isType ? path.replace(/\.[jt]s$/, ".d.ts") : path);
    }
    const name = /^(@[^/]+\/)?[^/]+/.exec(target)![0];
    if (!isBuiltin(target) && !(isType ? knownToTypes : known).includes(name))
      missing.add(`${file}: ${target}`);
  };
  for (const entry of entries) follow(normalize(entry));
  assert.ok(seen.size > 300, String(seen.size));
  assert.deepEqual([...missing], []);
});

test("every module that a page loads is in the package, other people's too", () => {
  const { modules } = JSON.parse(text("dist/public/modules.json")) as { modules: string[] };
  assert.ok(modules.some((path) => path.startsWith("lib/lit/")));
  assert.deepEqual(
    modules.filter((path) => !files.has(`dist/pages/${path}`)),
    [],
  );
});

test("a Thing's file imports typebox where nobody has installed it", { timeout }, async () => {
  const folder = join(home, "..", "..");
  const thing = `
    import { property, Thing } from "thingscope";
    import { Type } from "typebox";
    export class Lamp extends Thing { @property("Brightness", Type.Integer()) accessor brightness = 50; }`;
  await writeFile(join(folder, "lamp.ts"), thing);
  await writeFile(join(folder, "lamp.yaml"), "things:\n  lamp: lamp.ts:Lamp\n");
  assert.throws(() => createRequire(join(folder, "lamp.ts")).resolve("typebox"));
  await run(process.execPath, [commandIn(folder), "check", "lamp.yaml"], { cwd: folder });
});

test("pages of the package link to nothing, and name no script and no example, that is not in it", () => {
  assert.ok(pages().length > 30, pages().join());
  const missing = pages().flatMap((page) => {
    const links = [...text(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)|(?:src|srcset)="([^"]+)"/g)]
      .map(([, link, source]) => link ?? source!)
      .filter((target) => !/^[a-z]+:/.test(target))
      .map((target) => join(dirname(page), target));
    const named = [
      ...text(page).matchAll(/(?<![\w./-])(?:scripts|examples|clients)\/[a-z][\w./-]*\w/g),
    ];
    return [...links, ...named.map(([path]) => path)]
      .filter((path) => !isCarried(path))
      .map((path) => `${page}: ${path}`);
  });
  assert.deepEqual(missing, []);
});

test("the package has nothing that only a checkout needs", () => {
  const unwanted = [...files].filter((file) =>
    /\.map$|^(src|test|bench|docs\/(decisions|internals|images))\/|^public\/.*\.ts$|\.tsbuildinfo$/.test(
      file,
    ),
  );
  assert.deepEqual(unwanted, []);
});

test("server.app answers where no express is installed", { timeout }, async () => {
  const program = `
    import { ThingHost, ThingServer } from "thingscope";
    const server = new ThingServer(new ThingHost());
    server.app.get("/samples/:id", ({ params }, response) => response.send(params.id));
    const { url } = await server.listen({ port: 0 });
    console.log(await (await fetch(url + "/samples/7")).text(), await import("express").catch(({ code }) => code));
    await server.close();`;
  const folder = dirname(dirname(home));
  const args = ["--input-type=module", "--eval", program];
  const { stdout } = await run(process.execPath, args, { cwd: folder, timeout });
  assert.match(stdout, /^7 ERR_MODULE_NOT_FOUND$/m);
});
