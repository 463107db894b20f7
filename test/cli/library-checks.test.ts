import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { codecFault } from "../../src/cli/library-checks.ts";
import { folderWith } from "./run-cli.ts";

test("a server that starts without sharp, or without its build, is told so; here it has both", async () => {
  assert.equal(codecFault(), undefined);
  const without = await folderWith({ "index.js": "" });
  assert.match(
    String(codecFault(pathToFileURL(join(without, "index.js")))),
    /^sharp is not installed\. /,
  );
  const sharp = join("node_modules", "sharp");
  const unbuilt = await folderWith({
    [join(sharp, "package.json")]: JSON.stringify({ name: "sharp", main: "index.js" }),
    [join(sharp, "index.js")]: "throw new Error('nobody loads it');",
  });
  assert.match(
    String(codecFault(pathToFileURL(join(unbuilt, "index.js")))),
    /^sharp has no build for this machine \(.+-.+\)\. .*npm install/,
  );
});
