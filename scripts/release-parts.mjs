// What `npm run test:release` runs: the long form of every test that has one, and the tests beside a busy machine.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { faultRows } from "../dist/test/docs/fault-rows.js";
import { LONG_ONLY } from "./test-order.mjs";

const LONG = { THINGSCOPE_LONG: "1" };
const LONG_FORM = /process\.env\.THINGSCOPE_LONG/;

/**
 * @typedef {{ id: string, what: string, command: readonly string[], env?: Readonly<Record<string, string>> }} Part
 * Its command is of node; it ends with 0 when all is well, and tells TAP or a table.
 */

/** In the order in which they run. A test with a long form that no part names is in `rest`. @returns {Part[]} */
export function releaseParts() {
  const named = [
    part("nemesis", "ten minutes of one fault after another around a recorder", "system", [
      "system/nemesis",
    ]),
    part("power-cuts", "the power fails in recordings, repairs and exports", "system", [
      "system/power-cuts",
      "system/export-cuts",
    ]),
    part("at-once", "clients start, stop, trigger and delete at once, each pair twenty times", "", [
      "things/at-once",
    ]),
    part("worst-inputs", "ten minutes of each route's and message's worst input", "", [
      "server/worst-inputs/worst-inputs",
    ]),
    part("autofocus", "twenty focal planes, found from both sides", "", ["things/autofocus"]),
  ];
  const others = filesWithLongForm().filter((file) => !isIn(named, file) && !isInFaultTable(file));
  return [
    ...named,
    ...["", "system", "interop", "vm"].map((folder) =>
      part(
        folder ? `rest-${folder}` : "rest",
        `the other long forms that the fault table does not name, of npm ${folder ? `run test:${folder}` : "test"}`,
        folder,
        others.filter((file) => folderOf(file) === folder),
      ),
    ),
    {
      id: "faults",
      what: "the long form of each row of the fault table",
      command: ["--enable-source-maps", "--expose-gc", "scripts/test-faults.mjs"],
      env: LONG,
    },
    part(
      "packages",
      "the npm package, the Debian packages and the image on Debian 12 and 13, and with musl, for x64 and arm64; downloads 1 GB",
      "distros",
      [
        "distros/first-picture",
        "distros/debian-package",
        "distros/arm64-package",
        "distros/container-image",
        "distros/package-managers",
        "distros/x64",
        "distros/arm64",
        "distros/other-processors",
      ],
    ),
    {
      id: "busy",
      what: "npm test beside four programs that take all of the processor, three times",
      command: ["scripts/test-busy.mjs", "3"],
    },
  ];
}

/** Test files that have a long form, or are left out of the short one, as documents name them: below test/, without their ending. */
export function filesWithLongForm() {
  const texts = new Map(
    readdirSync("test", { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.includes("node_modules"))
      .map((file) => [file, readFileSync(join("test", file), "utf8")]),
  );
  const isLeftOut = (file) => LONG_ONLY.includes(file.replace(/\.test\.ts$/, ""));
  const isLong = (file) => LONG_FORM.test(texts.get(file) ?? "");
  const isLongOnly = (file) => texts.get(file).includes("needsLong(");
  const importsLong = (file) =>
    [...texts.get(file).matchAll(/ from "(\.[^"]+)"/g)].some(([, path]) =>
      isLong(join(dirname(file), path)),
    );
  return [...texts.keys()]
    .filter(
      (file) =>
        file.endsWith(".test.ts") &&
        [isLong, isLongOnly, importsLong, isLeftOut].some((has) => has(file)),
    )
    .map((file) => file.replace(/\.test\.ts$/, ""));
}

function part(id, what, folder, files) {
  const names = files.map((file) => `${file}.test.js`);
  const flags = folder ? [`--${folder}`] : [];
  const isInMachine = folder === "vm";
  const command = isInMachine
    ? ["dist/test/vm/run.js", ...names]
    : ["scripts/run-tests.mjs", ...flags, ...names];
  return { id, what, command, env: LONG };
}

function isIn(parts, file) {
  return parts.some(({ command }) => command.includes(`${file}.test.js`));
}

/** Whether the table runs its long form; tests that have no short form are in no row of it. */
function isInFaultTable(file) {
  if (LONG_ONLY.includes(file)) return false;
  if (readFileSync(`test/${file}.test.ts`, "utf8").includes("needsLong(")) return false;
  return faultRows().some(({ tests }) => tests.some((test) => test.file === file));
}

function folderOf(file) {
  return /^(system|interop|vm)\//.exec(file)?.[1] ?? "";
}
