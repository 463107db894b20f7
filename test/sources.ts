import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { packagePath } from "../src/base/package-root.ts";

/** A file of the repository. */
export interface SourceFile {
  /** From the repository's root, e.g. `src/core/thing.ts`. */
  readonly path: string;
  readonly text: string;
}

/** The files of some top folders that were written by hand, in order of their path. */
export function filesIn(...folders: string[]): SourceFile[] {
  const there = folders.filter((folder) => existsSync(packagePath(folder)));
  return there.flatMap((folder) =>
    readdirSync(packagePath(folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(packagePath().length + 1))
      .filter(
        (path) =>
          /\.(ts|mjs|js|c|h|html|css)$/.test(path) && !/\/(build|node_modules)\//.test(path),
      )
      .sort()
      .map((path) => ({ path, text: readFileSync(packagePath(path), "utf8") })),
  );
}

const IMPORT = /(?:\bfrom|^\s*import|\bimport\(|\brequire\(|\bresolve\()\s*"([^"]+)"/gm;

/** What a file imports, types included: specifiers as they are written. */
export function importsOf({ text }: SourceFile): string[] {
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, "");
  return [...code.matchAll(IMPORT)].map((match) => match[1]!);
}

/** The file, from the repository's root, that a relative import means. */
export function importedFile(importer: string, specifier: string): string {
  return normalize(join(dirname(importer), specifier));
}

/** The name of the package that a specifier is of; undefined for files; Node's own modules keep their `node:`. */
export function packageOf(specifier: string): string | undefined {
  if (/^(\.|file:)/.test(specifier)) return undefined;
  if (specifier.startsWith("node:")) return specifier;
  const [scope = "", name] = specifier.split("/");
  return scope.startsWith("@") && name ? `${scope}/${name}` : scope;
}
