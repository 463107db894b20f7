// Runs the compiled tests of test/vm/ in the test machine: `npm run test:vm`, or `npm run test:vm -- PART...` for the files whose
// path contains a part. `--run FILE` runs one compiled program there instead.
import { parseArgs } from "node:util";
import { messageOf } from "../../src/base/errors.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { runInMachine } from "./machine/machine.ts";

const MINUTE_MS = 60_000;
const { THINGSCOPE_LONG } = process.env;
/** Of this program: THINGSCOPE_SEED and the like hold in the machine, too. */
const passedOn = Object.entries(process.env).flatMap(([name, value]) =>
  name.startsWith("THINGSCOPE_") && value !== undefined ? [[name, value] as const] : [],
);
const { values, positionals } = parseArgs({
  options: { run: { type: "string" }, minutes: { type: "string" } },
  allowPositionals: true,
});
const tests = ["scripts/run-tests.mjs", "--vm"];
const program = values.run === undefined ? tests : [values.run];
const minutes = Number(values.minutes ?? (THINGSCOPE_LONG ? 120 : 6));

try {
  process.exitCode = await runInMachine(
    [process.execPath, "--enable-source-maps", "--expose-gc", ...program, ...positionals],
    {
      cwd: packagePath(),
      env: Object.fromEntries(passedOn),
      limitMs: minutes * MINUTE_MS,
    },
  );
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
