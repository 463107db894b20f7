import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";

test("links between pages lead to files that are there", () => {
  const pages = readdirSync(packagePath("docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name));
  for (const page of [...pages, "README.md", "CHANGELOG.md"]) {
    const text = readFileSync(packagePath(page), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const file = packagePath(dirname(page), target);
      assert.ok(existsSync(file), `${page} links to ${target}, which is not there`);
    }
  }
});
