import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { optionalPackages } from "../../src/base/optional-packages.ts";

const lab = mkdtempSync(join(tmpdir(), "thingscope-optional-"));
const before = process.cwd();
process.chdir(lab);
after(() => {
  process.chdir(before);
  rmSync(lab, { recursive: true });
});

test("an optional package that is nowhere is named, with the folders and the command", () => {
  assert.throws(
    () => optionalPackages("A fleet", "@lab/left", "lab-right"),
    (error: Error) => {
      assert.match(error.message, /^A fleet needs the npm packages @lab\/left, lab-right, but /);
      assert.ok(error.message.includes(process.cwd()), error.message);
      assert.match(error.message, /: npm install @lab\/left lab-right$/);
      return "code" in error && error.code === "PROGRAM_MISSING";
    },
  );
});

test("one that is installed in the working folder is loaded, without a restart", () => {
  install("lab-right", "exports.side = 'right';");
  assert.deepEqual(optionalPackages("A fleet", "lab-right"), [{ side: "right" }]);
});

test("one that is broken is told as such", () => {
  install("lab-broken", "throw new Error('no build for this processor');");
  assert.throws(
    () => optionalPackages("pystreaming", "lab-broken"),
    /^ThingError: pystreaming needs the npm package lab-broken, but 'lab-broken' could not be loaded \(no build for this processor\)\. Install it again: npm install lab-broken$/,
  );
});

function install(name: string, code: string): void {
  const folder = join(lab, "node_modules", name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "index.js"), code);
}
