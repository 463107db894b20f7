import { readFileSync } from "node:fs";
import { packagePath } from "./package-root.ts";

/** The version in this package's package.json. */
export function packageVersion(): string {
  const { version }: { version: string } = JSON.parse(
    readFileSync(packagePath("package.json"), "utf8"),
  );
  return version;
}
