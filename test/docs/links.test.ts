import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";

const PAGES = [
  ...readdirSync(packagePath("docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", join("examples", "README.md")],
];

/** The text of a page without its fenced blocks. */
function proseOf(page: string): string {
  return readFileSync(packagePath(page), "utf8").replace(/^```[\s\S]*?^```$/gm, "");
}

/** The fragments under which GitHub shows the headings of a page. */
function anchorsOf(page: string): Set<string> {
  const headings = [...proseOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("links between pages lead to files and headings that are there", () => {
  for (const page of PAGES) {
    for (const [, target = "", anchor] of proseOf(page).matchAll(
      /\]\(([^)#\s]*)(?:#([^)]*))?\)/g,
    )) {
      if (/^[a-z]+:/.test(target)) continue;
      const file = target ? normalize(join(dirname(page), target)) : page;
      assert.ok(existsSync(packagePath(file)), `${page} links to ${target}, which is not there`);
      if (anchor)
        assert.ok(anchorsOf(file).has(anchor), `${page} links to ${target}#${anchor}: no heading`);
    }
  }
});
