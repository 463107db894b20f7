import { accessSync, constants } from "node:fs";
import { packagePath } from "../base/package-root.ts";

/**
 * The path of a program of `native/`, built here or as it came with the package; undefined where it is missing, as on systems that it
 * was not built for.
 */
export function nativeProgram(name: string): string | undefined {
  const places = [
    packagePath("native", name, "build", "Release", name),
    packagePath("prebuilds", `${process.platform}-${process.arch}`, name),
  ];
  return places.find(isExecutable);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
