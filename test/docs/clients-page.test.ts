// What the page's commands and scripts do when they are typed: test/interop/pages.test.ts.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, install, runCliLines, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { pageText } from "./page.ts";

const run = promisify(execFile);
/** Scripts by name: the file that the text before a block ends with. */
const scripts = new Map(
  [...pageText("clients.md").matchAll(/`([\w-]+\.mts)`:\n\n```ts\n([\s\S]*?)^```$/gm)].map(
    ([, file = "", text = ""]): [string, string] => [file, text],
  ),
);

test("the scripts of docs/clients.md compile against the types of the running microscope", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({ "package.json": "{}" });
  await install(folder);
  await symlink(packagePath("node_modules", "@types"), join(folder, "node_modules", "@types"));
  const { url } = await serveCli(t, folder, "--simulated");
  const things = ["camera", "stage", "autofocus"];
  const ended = await runCliLines(
    folder,
    things.map((thing) => ["types", `${url}/${thing}/`, "-o", `${thing}.d.ts`]),
  );
  for (const { code, stderr } of ended) assert.equal(code, 0, stderr);
  for (const [file, text] of scripts) await writeFile(join(folder, file), text);
  const compilerOptions = {
    target: "ES2022",
    module: "NodeNext",
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ["node"],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  const tsc = packagePath("node_modules", "typescript", "bin", "tsc");
  const { stdout } = await run(process.execPath, [tsc, "-p", folder]).catch((error) => error);
  assert.equal(stdout, "");
  assert.deepEqual(
    [...scripts.keys()],
    ["look.mts", "focus.mts", "follow.mts", "events.mts", "frames.mts", "sweep.mts"],
  );
});
