import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, copyFile, cp, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { logTo } from "../../src/base/log.ts";
import { addonAt, addonFault, addonNames, loadAddon, tellOfAddons } from "../../src/base/native.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const run = promisify(execFile);
const built = packagePath("native", "crc32", "build", "Release", "crc32.node");
const timeout = TEST_MS;

test("every addon is built here, and so nothing is said of them", () => {
  const lines: string[] = [];
  tellOfAddons(logTo((_level, message) => lines.push(message)));
  assert.equal(addonFault(), undefined);
  assert.deepEqual(lines, []);
});

test("an addon of an unknown name is undefined, as often as it is asked for", () => {
  const isAnything = (module: unknown): module is object => module !== undefined;
  assert.equal(loadAddon("no-such-addon", isAnything), undefined);
  assert.equal(loadAddon("no-such-addon", isAnything), undefined);
});

test("an addon that was built for another machine does not hide one that runs", async () => {
  const foreign = join(await temporaryFolder("addon-"), "foreign.node");
  await writeFile(foreign, "\x7fELF of another machine");
  assert.ok("module" in addonAt([foreign, built]));
});

test("an addon that no place has, or that does not load, has a reason and the command that builds it", async () => {
  const folder = await temporaryFolder("addon-");
  const [missing, cut] = [join(folder, "missing.node"), join(folder, "cut.node")];
  await copyFile(built, cut);
  await truncate(cut, 100);
  const command = `With a C compiler, this builds them: node ${packagePath("scripts", "build-native.mjs")}`;
  assert.deepEqual(addonAt([missing]), {
    reason: `the package has none for linux-${process.arch}, and none was built at its installation`,
    fix: command,
  });
  const fault = addonAt([cut]);
  assert.ok("reason" in fault);
  assert.match(fault.reason, /cut\.node: /);
  assert.equal(fault.fix, command);
});

test("addons and programs on a file system that forbids programs name it, and a mode without x the command", {
  timeout,
}, async () => {
  const folder = await temporaryFolder("noexec-");
  await copyFile(built, join(folder, "crc32.node"));
  await chmod(join(folder, "crc32.node"), 0o755);
  const asked = `import { addonAt } from ${JSON.stringify(import.meta.resolve("../../src/base/native.ts").replace(/\.ts$/, ".js"))};
    console.log(JSON.stringify(addonAt([${JSON.stringify(join(folder, "crc32.node"))}])));`;
  const mounted =
    'mount --bind "$0" "$0" && mount -o remount,bind,noexec "$0" && "$1" --input-type=module -e "$2"';
  const alone = ["--user", "--map-root-user", "--mount", "sh", "-c"];
  const { stdout } = await run("unshare", [...alone, mounted, folder, process.execPath, asked]);
  const { reason, fix } = JSON.parse(stdout) as { reason: string; fix: string };
  assert.match(reason, /crc32\.node may not be executed.*: its file system is mounted noexec$/);
  assert.equal(fix, "Mount it with exec, or install the package elsewhere.");
});

test("a package that has none for its machine says so in one line, once, with everything that is worse", {
  timeout,
}, async () => {
  const folder = await temporaryFolder("package-");
  await cp(packagePath("dist", "src", "base"), join(folder, "base"), { recursive: true });
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const asked = `import { tellOfAddons } from ${JSON.stringify(join(folder, "base", "native.js"))};
    const log = { warn: console.log, info: console.log };
    tellOfAddons(log); tellOfAddons(log);`;
  const { stdout } = await run(process.execPath, ["--input-type=module", "-e", asked]);
  assert.equal(
    stdout,
    `Addons do not run here (${addonNames().join(", ")}): the package has none for linux-${process.arch}, and none was built at its installation. ` +
      "Everything works without them, but recordings take more processor time, streams take more processor time and a slow viewer may be 3 s behind instead of 0.7 s. " +
      `With a C compiler, this builds them: node ${join(folder, "scripts", "build-native.mjs")}\n`,
  );
});
