import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const run = promisify(execFile);

/** A package whose machine has built one program, and which brought another: each a script. Which one is taken. */
async function taken(built: string, brought: string): Promise<string> {
  const folder = await temporaryFolder("package-");
  await cp(packagePath("dist", "src"), join(folder, "src"), { recursive: true });
  await symlink(packagePath("node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  for (const [path, text] of [
    ["native/v4l2-camera/build/Release/v4l2-camera", built],
    [`prebuilds/linux-${process.arch}/v4l2-camera`, brought],
  ] as const) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
    await chmod(join(folder, path), 0o755);
  }
  const module = join(folder, "src", "processes", "native-program.js");
  const asked = `import { runnableProgram } from ${JSON.stringify(module)};
    console.log(await runnableProgram("v4l2-camera"));`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", asked]);
  return stdout.trim().replace(`${folder}/`, "").split("/")[0]!;
}

test("a program that does not start here does not hide one of the package that does", {
  timeout: TEST_MS,
}, async () => {
  const runs = "#!/bin/sh\nexit 0\n";
  const needsAnotherLibrary = "#!/lib/ld-of-another-system.so.1\n";
  assert.equal(await taken(runs, runs), "native");
  assert.equal(await taken(needsAnotherLibrary, runs), "prebuilds");
  assert.equal(await taken("#!/bin/sh\nexit 1\n", needsAnotherLibrary), "undefined");
});

test("a program that a machine without descriptors did not start is asked again when it has some", {
  timeout: TEST_MS,
}, async () => {
  const module = packagePath("dist", "src", "processes", "native-program.js");
  const asked = `import { closeSync, openSync } from "node:fs";
    import { runnableProgram } from ${JSON.stringify(module)};
    const taken = [];
    try { for (;;) taken.push(openSync("/dev/null")); } catch {}
    const first = await runnableProgram("v4l2-camera");
    for (const one of taken) closeSync(one);
    console.log(first === undefined, typeof (await runnableProgram("v4l2-camera")));`;
  const words = ["--nofile=64:64", process.execPath, "--input-type=module", "-e", asked];
  const { stdout } = await run("prlimit", words);
  assert.equal(stdout.trim(), "true string");
});
