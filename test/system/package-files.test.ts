// The file that is published carries whatever it names: scripts, examples, pages that its pages link to.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { before, test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { installPacked } from "./install-packed.ts";

const timeout = TEST_MS;
let files: ReadonlySet<string> = new Set();
let text: (file: string) => string;

before(
  async () => {
    const home = await installPacked(await temporaryFolder("package-files-"));
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
  ]) {
    assert.ok(manifest.peerDependenciesMeta[library].optional, library);
    assert.equal(
      manifest.dependencies[library] ?? manifest.optionalDependencies[library],
      undefined,
    );
  }
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
