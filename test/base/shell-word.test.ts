import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { shellWord } from "../../src/base/preview.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { TEST_MS } from "../limits.ts";
import { copyOf, originals } from "../recording/damage.ts";

test("a path is one word of a shell, whatever is in its name, and bare where that does", () => {
  for (const path of ["a b.mkv", "it's.mkv", "$(touch x);`y`.mkv", 'a"b\\c\nd.mkv', "é*?.mkv"])
    assert.equal(
      execFileSync("sh", ["-c", `printf %s ${shellWord(path)}`], { encoding: "utf8" }),
      path,
    );
  assert.equal(shellWord("/data/2026-11-29_10:30.mkv"), "/data/2026-11-29_10:30.mkv");
});

test("the command that verify advises for a name with spaces can be copied", {
  timeout: TEST_MS,
}, async () => {
  const { crashed } = await originals();
  const path = await copyOf(crashed);
  const spaced = join(dirname(path), "the nest's film.mkv");
  await rename(path, spaced);
  await rename(ledgerPathOf(path), ledgerPathOf(spaced));
  const { sentence } = await verifyRecording(spaced);
  const [, word = ""] = /run: thingscope repair (.*)$/.exec(sentence) ?? [];
  assert.equal(
    execFileSync("sh", ["-c", `printf %s ${word}`], { encoding: "utf8" }),
    spaced,
    sentence,
  );
});
