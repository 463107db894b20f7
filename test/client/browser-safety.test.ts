import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { filesIn, importsOf } from "../sources.ts";

test("the client compiles with the DOM library alone, without Node's types", {
  timeout: TEST_MS,
}, async () => {
  const config = packagePath("test", "client", "tsconfig.browser.json");
  const compiled = promisify(execFile)("npx", ["tsc", "-p", config], { cwd: packagePath() });
  await compiled.catch((error: { stdout: string }) => assert.fail(error.stdout));
});

test("the client imports nothing but its own files, base/ and frames/", () => {
  for (const file of filesIn("src/client")) {
    for (const specifier of importsOf(file)) {
      assert.match(specifier, /^(?:\.\/|\.\.\/base\/|\.\.\/frames\/)/, file.path);
    }
  }
});

test("every public name of the client has a doc comment where it is defined", () => {
  const index = readFileSync(packagePath("src", "client", "index.ts"), "utf8");
  const exported = [...index.matchAll(/export (?:type )?\{([^}]+)\} from "\.\/([^"]+)"/g)];
  assert.ok(exported.length > 5);
  for (const [, names = "", file = ""] of exported) {
    const text = readFileSync(packagePath("src", "client", file), "utf8");
    for (const name of names.split(",").map((part) => part.trim().replace(/^type /, ""))) {
      if (name === "") continue;
      const definition = `\\*/\\nexport (?:async )?(?:class|function\\*?|interface|type|const) ${name}\\b`;
      assert.match(text, new RegExp(definition), `${name} in ${file}`);
    }
  }
});
