import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ThingError } from "./errors.ts";
import { packagePath } from "./package-root.ts";

/** What scripts/compile-pages.mjs has found: the modules that pages are made of. */
interface PageModules {
  /** Of each page's first module, what it imports, itself included, in the order in which it is run. */
  readonly pages: Readonly<Record<string, readonly string[]>>;
  /** What of each page's modules is needed for the picture, those of its worker too, and what comes behind that. */
  readonly order: Readonly<
    Record<string, { readonly first: readonly string[]; readonly later: readonly string[] }>
  >;
  /** Bare names that modules import, and where their package lies: `lit` is `lib/lit/index.js`. */
  readonly imports: Readonly<Record<string, string>>;
  /** Every module, by its path under `assets/`. */
  readonly modules: readonly string[];
}

const WRITTEN = packagePath("public");
const LIST = packagePath("dist", "public", "modules.json");

let listed: PageModules | undefined;

/** The modules of the pages. @throws {ThingError} `INTERNAL` when they have not been compiled. */
export function pageModules(): PageModules {
  try {
    listed ??= JSON.parse(readFileSync(LIST, "utf8")) as PageModules;
    return listed;
  } catch (cause) {
    const why = `The pages are not built: ${LIST} is missing. Run 'npm run build'.`;
    throw new ThingError("INTERNAL", why, { cause });
  }
}

/** A page, a style sheet or an icon, as it was written. */
export function pageFile(name: string): Buffer {
  return readFileSync(join(WRITTEN, name));
}

/** `<camera-view>` and `<thing-view>` for other people's pages: one script. */
export function elementsScript(): Buffer {
  return readFileSync(packagePath("dist", "public", "bundled", "elements.js"));
}

/** The names of all style sheets and icons, by their paths in `public/`. */
export function pageFileNames(): string[] {
  return readdirSync(WRITTEN, { recursive: true, encoding: "utf8" })
    .map((name) => name.replaceAll("\\", "/"))
    .filter((name) => /\.(css|svg|html|js)$/.test(name));
}

/** A module by its path under `assets/`: `public/index.js` and `src/client/http.js` are this package's, `lib/...` are other people's. */
export function pageModule(path: string): Buffer {
  return readFileSync(packagePath("dist", "pages", path));
}

/** Names all that pages are made of: another when any of it is. */
export function pagesVersion(): string {
  version ??= hashOfAll();
  return version;
}

let version: string | undefined;

function hashOfAll(): string {
  const hash = createHash("sha256");
  for (const name of pageFileNames().sort()) hash.update(name).update(pageFile(name));
  for (const path of pageModules().modules) hash.update(path).update(pageModule(path));
  return hash.digest("base64url").slice(0, 12);
}
