import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { moduleUrl, packagePath } from "../base/package-root.ts";
import { initialize, NAMESPACE, SYNC_HOOKS, type SyncHooks } from "./module-hook.ts";

type ImportFrom = (specifier: string, parentUrl: string) => Promise<object>;

/** What this package exports to modules, `thingscope`, `thingscope/things` and so on, and its module: `src/index`. */
const ENTRIES = Object.entries(manifest().exports).flatMap(([path, target]) => {
  // An installed package names the bundle's files: docs/decisions/0220.
  const file = target.node ?? target.default ?? "";
  const module = /^\.\/dist\/(?:bundle\/)?(.+)\.js$/.exec(file)?.[1];
  return module ? [[path.replace(/^\./, "thingscope"), module] as const] : [];
});

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
  const data = Object.fromEntries(ownModules());
  const registerHooks = Reflect.get(nodeModule, "registerHooks"); // Node 22 and later: tsx uses it, and hooks of a thread come after it
  if (isRegisterHooks(registerHooks)) {
    initialize(data);
    registerHooks(SYNC_HOOKS);
  } else nodeModule.register(moduleUrl("src/cli/module-hook").href, { data });
  return importFrom;
}

function isRegisterHooks(found: unknown): found is (hooks: SyncHooks) => void {
  return typeof found === "function";
}

/** What a user's module may import without having installed it, and where this copy has it. */
function ownModules(): Map<string, string> {
  const own = ENTRIES.map(([name, module]) => [name, moduleUrl(module).href] as const);
  return new Map([...own, ["typebox", typeboxUrl()]]);
}

/** An installed package has it in its bundle alone: docs/decisions/0233. */
function typeboxUrl(): string {
  try {
    return import.meta.resolve("typebox");
  } catch {
    return pathToFileURL(packagePath("dist", "bundle", "typebox.js")).href;
  }
}

function manifest(): { readonly exports: Record<string, { node?: string; default?: string }> } {
  return JSON.parse(readFileSync(packagePath("package.json"), "utf8"));
}
