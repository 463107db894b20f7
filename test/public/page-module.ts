import { packagePath } from "../../src/base/package-root.ts";

/**
 * A module of the pages as it was compiled for browsers: one that touches no document runs here, too. The pages are a project of their
 * own, so the test says what it uses of the module.
 * @param path - Under `public/`: `schema/faults`.
 */
export async function pageModule<T>(path: string): Promise<T> {
  return import(packagePath("dist", "public", `${path}.js`)) as Promise<T>;
}
