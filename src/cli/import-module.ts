import { readFileSync } from "node:fs";
import { register } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packagePath } from "../base/package-root.ts";
import { NAMESPACE } from "./module-hook.ts";

type ImportFrom = (specifier: string, parentUrl: string) => Promise<object>;

/** What this package exports to modules: `thingscope`, `thingscope/things` and so on. */
const ENTRIES = Object.keys(manifest().exports)
  .filter((path) => !path.endsWith(".json"))
  .map((path) => path.replace(/^\./, "thingscope"));

let importer: Promise<ImportFrom> | undefined;

/**
 * The exports of a module as a file in `folder` would import it: JavaScript, TypeScript or a package. Its own
 * `import "thingscope"` gives the copy that runs here, wherever the folder is.
 */
export async function importModule(specifier: string, folder: string): Promise<object> {
  const ownUrl = ownModules().get(specifier);
  if (ownUrl) return import(ownUrl);
  importer ??= makeImporter();
  const importFrom = await importer;
  return importFrom(specifier, pathToFileURL(join(folder, "configuration")).href);
}

async function makeImporter(): Promise<ImportFrom> {
  const tsx = await import("tsx/esm/api");
  // Without a tsconfig: a user's "experimentalDecorators" would make other decorators of ours.
  const { import: importFrom } = tsx.register({ namespace: NAMESPACE, tsconfig: false });
  register(import.meta.resolve("./module-hook.js"), { data: Object.fromEntries(ownModules()) });
  return importFrom;
}

/** What a user's module may import without having installed it, and where this copy has it. */
function ownModules(): Map<string, string> {
  return new Map([...ENTRIES, "typebox"].map((name) => [name, import.meta.resolve(name)]));
}

function manifest(): { readonly exports: object } {
  return JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
}
