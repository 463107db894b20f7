import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { packagePath } from "../src/base/package-root.ts";
import { pageText } from "./docs/page.ts";
import { TEST_MS } from "./limits.ts";
import { temporaryFolder } from "./temporary-folder.ts";

interface Part {
  readonly id: string;
  readonly what: string;
  readonly command: readonly string[];
}

interface Result {
  readonly passed: boolean;
}

const { releaseParts, filesWithLongForm } = (await script("release-parts")) as {
  releaseParts: () => Part[];
  filesWithLongForm: () => string[];
};
const { runPart, rowOf } = (await script("run-part")) as {
  runPart: (part: Part, folder: string) => Promise<Result>;
  rowOf: (result: Result) => string;
};

function script(name: string): Promise<unknown> {
  return import(pathToFileURL(packagePath("scripts", `${name}.mjs`)).href);
}

test("each file that has a long form is in one part of a release, or in the fault table that is one", () => {
  const parts = releaseParts();
  const text = pageText("internals/faults.md");
  for (const file of filesWithLongForm()) {
    const named = parts.filter(({ command }) => command.includes(`${file}.test.js`));
    assert.ok(named.length <= 1, `${file} is in ${named.map(({ id }) => id)}`);
    assert.ok(named.length === 1 || text.includes(`\`${file}\` "`), `${file} is in no part`);
  }
});

test("each part of a release names tests, all of which there are where it looks for them", () => {
  for (const { id, command } of releaseParts()) {
    const programs = command.filter((word) => /(?<!\.test)\.m?js$/.test(word));
    assert.equal(programs.length, 1, id);
    assert.ok(existsSync(packagePath(programs[0]!)), programs[0]);
    const files = command.filter((word) => word.endsWith(".test.js"));
    const takesFiles = /run-tests\.mjs|vm\/run\.js/.test(programs[0]!);
    assert.equal(files.length > 0, takesFiles, `${id} runs ${files.length} files`); // without any, all tests would run
    const [, folder] = /^--(\w+)$/.exec(command[1] ?? "") ?? [];
    for (const file of files) {
      assert.ok(existsSync(packagePath("dist", "test", file)), file);
      const [, place] = /^(system|interop|vm|distros)\//.exec(file) ?? [];
      assert.equal(place, id === "rest-vm" ? "vm" : folder, `${id}: ${file}`);
    }
  }
});

test("docs/releases.md says what each part of a release is, and how it went last", () => {
  const rows = pageText("releases.md").split("\n");
  for (const { id, what } of releaseParts()) {
    assert.ok(
      rows.some((row) => row.startsWith(`| \`${id}\` | ${what}`)),
      id,
    );
    assert.ok(
      rows.some((row) => row.startsWith(`| ${id} | `)),
      `${id} has no result`,
    );
  }
});

test("a part that fails, or cannot be run, is a row that says why, and the next one is run", {
  timeout: TEST_MS,
}, async () => {
  const folder = await temporaryFolder("release-");
  const says = (lines: string, code: number) => [
    ...["-e", `console.log(${JSON.stringify(lines)}); process.exit(${code})`],
  ];
  const run = async (id: string, command: readonly string[]) =>
    rowOf(await runPart({ id, what: "", command }, folder)).replace(/\d+ min \d+ s/, "TIME");
  const failure = "# tests 7\n# fail 1\n# failed: recording/crash: a | b\n# 25 kills";
  assert.equal(
    await run("one", says(failure, 1)),
    "| one | **failed** (1) | TIME | tests 7; failed: recording/crash: a / b; 25 kills |",
  );
  assert.equal(
    await run("two", ["no/such/script.mjs"]),
    `| two | **failed** (1) | TIME | Error: Cannot find module '${packagePath("no/such/script.mjs")}' |`,
  );
  const fine = "# Subtest: x\nok 1 - x\n# \\# THINGSCOPE_SEED=7\n# tests 1\n# skipped 0";
  assert.equal(
    await run("three", says(fine, 0)),
    "| three | passed | TIME | tests 1; THINGSCOPE_SEED=7 |",
  );
});
