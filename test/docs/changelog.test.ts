import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { packagePath, packageVersion } from "../../src/base/package-root.ts";

test("CHANGELOG has a section for each version, newest first, and lines in each; the newest is the package's or unreleased", () => {
  const text = readFileSync(packagePath("CHANGELOG.md"), "utf8");
  const sections = text.split(/^## /m).slice(1);
  assert.ok(sections.length > 0);
  const names = sections.map((section) => section.split("\n")[0]!);
  const released = names.slice(names[0] === "Unreleased" ? 1 : 0);
  for (const name of released) assert.match(name, /^\d+\.\d+\.\d+, \d{4}-\d\d-\d\d$/);
  for (const [n, section] of sections.entries()) assert.match(section, /^- /m, names[n]);
  const rank = (name: string) =>
    name
      .split(/[.,]/)
      .slice(0, 3)
      .map(Number)
      .reduce((sum, part) => sum * 1000 + part, 0);
  const ranks = released.map(rank);
  assert.deepEqual(
    ranks,
    [...new Set(ranks)].sort((a, b) => b - a),
  );
  const newest = released[0]?.split(",")[0];
  if (names[0] !== "Unreleased") assert.equal(newest, packageVersion());
});
