// Starts programs where the machine refuses: run under `prlimit`. Its argument: how many descriptors it may take up first.
import { openSync } from "node:fs";
import { Child } from "../../src/processes/child.ts";
import { programVersion } from "../../src/processes/programs.ts";
import { SupervisedProcess } from "../../src/processes/supervised-process.ts";
import { program } from "./children.ts";

const taken = Number(process.argv[2]);
process.on("uncaughtException", (error) => {
  console.log(JSON.stringify({ uncaught: error.message }));
  process.exit(1);
});
for (let n = 0; n < taken; n++) {
  try {
    openSync("/dev/null", "r");
  } catch {
    break;
  }
}
const child = new Child(program("0"), { outputs: [1, 3], input: true });
child.output(3).resume();
const { error } = await child.ended;
const stopped = await child.stop();
const version = await programVersion("ffmpeg").catch(({ code, message }) => ({ code, message }));
const kept = new SupervisedProcess(program("0"), {
  outputs: [1],
  onStart: (one) => one.output(1).resume(),
  onState: ({ phase, reason }) => {
    if (phase !== "failed") return;
    const code = error && "code" in error ? error.code : "";
    console.log(JSON.stringify({ code, isSame: stopped.error === error, version, kept: reason }));
    process.exit(0);
  },
});
kept.start();
