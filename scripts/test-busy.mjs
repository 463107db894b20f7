// Whether the tests hold on a busy machine: `npm run test:busy` runs `npm test` beside four programs that take all they get
// of the processor (stress-ng --cpu 4), `npm run test:busy -- 3` so often, `npm run test:busy -- 3 mjpeg` a part of the tests.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";

const HOGS = 4;
const [first, ...rest] = process.argv.slice(2);
const isCount = /^[1-9]\d*$/.test(first ?? "");
const rounds = isCount ? Number(first) : 1;
const parts = isCount ? rest : process.argv.slice(2);

if (spawnSync("stress-ng", ["--version"]).error) {
  console.error(
    "stress-ng is not installed. Install it with `scripts/setup`, or `apt-get install stress-ng`.",
  );
  process.exit(1);
}
const stress = spawn("stress-ng", ["--cpu", String(HOGS), "--quiet"], {
  stdio: ["ignore", "ignore", "inherit"],
});
process.on("exit", () => stress.kill());
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

let passed = 0;
for (let round = 1; round <= rounds; round++) {
  const began = performance.now();
  const run = spawn(process.execPath, ["scripts/run-tests.mjs", ...parts], { stdio: "inherit" });
  const [code] = await once(run, "exit");
  if (stress.exitCode !== null)
    throw new Error("stress-ng ended before the tests did: they show nothing.");
  if (code === 0) passed += 1;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `# round ${round}: ${code === 0 ? "passed" : "failed"} after ${seconds} s beside stress-ng --cpu ${HOGS}`,
  );
}
console.log(`# passed ${passed} of ${rounds}`);
process.exit(passed === rounds ? 0 : 1);
