// Runs several command lines of thingscope one after another in this process, so that its modules are loaded once:
// `lines-child.js JSON`, a list of lists of arguments. It prints what each ended with as JSON. For lines that end by themselves.
import { runCommand } from "../../src/cli/command.ts";
import type { Ended } from "./run-cli.ts";

process.setMaxListeners(0); // each line's log waits for the exit
const folder = process.cwd();
const print = process.stdout.write.bind(process.stdout);
const ended: Ended[] = [];
for (const args of JSON.parse(process.argv[2]!) as string[][]) {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    process[name].write = (chunk: Uint8Array | string) => {
      said[name] += chunk.toString();
      return true;
    };
  }
  process.chdir(folder);
  process.exitCode = 0;
  await runCommand(args);
  ended.push({ code: Number(process.exitCode), ...said });
}
print(`\n${JSON.stringify(ended)}`, () => process.exit(0)); // behind what logs have written to the descriptor
