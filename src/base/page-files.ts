import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ThingError } from "./errors.ts";
import { packagePath } from "./package-root.ts";

/** Pages and what they are made of, as they were written, and what scripts/bundle-pages.mjs makes of the client for them. */
const WRITTEN = packagePath("public");
const MADE = packagePath("dist", "public");

/** The names of all files of which pages are made. @throws {ThingError} `INTERNAL` when they have not been built. */
export function pageFileNames(): string[] {
  return [...readdirSync(WRITTEN), ...madeNames()];
}

/** One of them. @throws {ThingError} `INTERNAL` when it has not been built. */
export function pageFile(name: string): Buffer {
  const folder = madeNames().includes(name) ? MADE : WRITTEN;
  return readFileSync(join(folder, name));
}

let made: readonly string[] | undefined;

function madeNames(): readonly string[] {
  try {
    made ??= readdirSync(MADE).filter((name) => name.endsWith(".js"));
    return made;
  } catch (cause) {
    const why = `The pages are not built: ${MADE} is missing. Run 'npm run build'.`;
    throw new ThingError("INTERNAL", why, { cause });
  }
}
