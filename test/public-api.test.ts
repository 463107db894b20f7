import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import * as api from "thingscope";
import { packagePath } from "../src/base/package-root.ts";

interface Export {
  readonly name: string;
  readonly file: string;
}

/** The files that package.json exports to modules, as they are written. */
const INDEXES = Object.values(manifest().exports)
  .map((entry) => (typeof entry === "string" ? entry : entry.default))
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts"));

/** Every name of an index, types included, and the file of this repository that defines it. */
function exportsOf(indexFile: string): Export[] {
  const index = readFileSync(packagePath(indexFile), "utf8");
  return [...index.matchAll(/export (type )?\{([^}]+)\} from "(\.[^"]+)"/g)].flatMap(
    ([, , names = "", file = ""]) =>
      names
        .split(",")
        .map((name) => name.trim().replace(/^type /, ""))
        .filter(Boolean)
        .map((name) => ({ name, file: join(dirname(indexFile), file) })),
  );
}

test("every public name has a doc comment where it is defined", () => {
  const bare = INDEXES.flatMap(exportsOf).filter(({ name, file }) => {
    const definition = new RegExp(
      String.raw`\*/\n(?:@\w+.*\n)?export (?:declare )?(?:abstract )?(?:async )?(?:class|function\*?|interface|type|const|let) ${name}\b`,
    );
    return !definition.test(readFileSync(packagePath(file), "utf8"));
  });
  assert.deepEqual(
    bare.map(({ name, file }) => `${name} in ${file}`),
    [],
  );
});

test("src/index.ts names each export once, and gives nothing else", () => {
  const names = exportsOf("src/index.ts").map(({ name }) => name);
  assert.deepEqual([...new Set(names)].sort(), names.slice().sort());
  const index = readFileSync(packagePath("src", "index.ts"), "utf8");
  const rest = index.replace(/export (type )?\{[^}]+\} from "[^"]+";/g, "").trim();
  assert.equal(rest, "", "src/index.ts holds more than exports by name");
  assert.deepEqual(
    Object.keys(api).filter((name) => !names.includes(name)),
    [],
  );
});

function manifest(): { readonly exports: Record<string, string | { readonly default: string }> } {
  return JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
}
