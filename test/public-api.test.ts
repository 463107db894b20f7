import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../src/base/package-root.ts";
import { pageText } from "./docs/page.ts";

interface Export {
  readonly name: string;
  readonly file: string;
  readonly isType: boolean;
}

/** What package.json exports to modules, and the file of each, as it is written. */
const MODULES = new Map(
  Object.entries(manifest().exports).flatMap(([path, entry]) => {
    const module = typeof entry === "string" ? undefined : entry.default;
    const file = module?.replace(/^\.\/dist\/(.*)\.js$/, "$1.ts");
    return file ? [[path.replace(/^\./, "thingscope"), file] as const] : [];
  }),
);
/** Those whose names docs/api.md has, one by one. */
const LISTED = ["thingscope", "thingscope/frames", "thingscope/recording", "thingscope/discovery"];

/** Every name of a module's list, types included, and the file of this repository that defines it. */
function exportsOf(indexFile: string): Export[] {
  const index = readFileSync(packagePath(indexFile), "utf8");
  return [...index.matchAll(/export (type )?\{([^}]+)\} from "(\.[^"]+)"/g)].flatMap(
    ([, type, names = "", file = ""]) =>
      names
        .split(",")
        .map((name) => name.trim())
        .filter(Boolean)
        .map((name) => ({
          name: name.replace(/^type /, ""),
          file: join(dirname(indexFile), file),
          isType: type !== undefined || name.startsWith("type "),
        })),
  );
}

/** The names of a section of docs/api.md: of the column of values, or of the one of types. */
function namesOnPage(module: string, column: 2 | 3): string[] {
  const [, section = ""] = pageText("api.md").split(`\n## ${module}\n`);
  const rows = section.split("\n## ")[0]!.split("\n");
  return rows.flatMap((row) =>
    [...(row.split("|")[column] ?? "").matchAll(/`(\w+)`/g)].map(([, name]) => name!),
  );
}

test("every public name has a doc comment where it is defined", () => {
  const bare = [...MODULES.values()].flatMap(exportsOf).filter(({ name, file }) => {
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

for (const module of LISTED) {
  test(`${module} exports the names that docs/api.md has, values and types, and nothing else`, async () => {
    const file = MODULES.get(module);
    assert.ok(file, `${module} is not exported`);
    const named = exportsOf(file);
    const [values, types] = [false, true].map((wanted) =>
      named.filter(({ isType }) => isType === wanted).map(({ name }) => name),
    );
    assert.deepEqual(values!.toSorted(), namesOnPage(module, 2).toSorted());
    assert.deepEqual(types!.toSorted(), namesOnPage(module, 3).toSorted());
    const exported: object = await import(module);
    assert.deepEqual(Object.keys(exported).toSorted(), values!.toSorted());
  });
}

test("each list holds exports by name alone, and no name is in two of them", () => {
  for (const file of MODULES.values()) {
    const index = readFileSync(packagePath(file), "utf8");
    const rest = index.replace(/export (type )?\{[^}]+\} from "[^"]+";|^\/\/.*$/gm, "").trim();
    assert.equal(rest, "", `${file} holds more than exports by name`);
  }
  const names = LISTED.flatMap((module) => exportsOf(MODULES.get(module)!)).map(({ name }) => name);
  assert.deepEqual([...new Set(names)].toSorted(), names.toSorted());
});

test("thingscope stays small: what few need belongs to one of the other modules", () => {
  assert.ok(exportsOf("src/index.ts").length <= 46);
});

function manifest(): { readonly exports: Record<string, string | { readonly default: string }> } {
  return JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
}

test("docs/api.md names each Thing that a configuration can have from thingscope/things", () => {
  const row = /^\| `thingscope\/things` .*$/m.exec(pageText("api.md"))?.[0] ?? "";
  const named = [...row.matchAll(/`([A-Z]\w+)`/g)].map(([, name]) => name!);
  const things = exportsOf("things/index.ts").filter(({ isType }) => !isType);
  assert.deepEqual(named.toSorted(), things.map(({ name }) => name).toSorted());
});
