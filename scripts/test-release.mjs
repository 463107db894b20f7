// The long form of the tests, for a release: `npm run test:release`, or `npm run test:release -- nemesis faults` for some
// parts; `--list` names them. A part that fails stops no other. Prints a row for each as it ends, and the table of all at the
// end, for docs/releases.md. Seeds are in the rows and the logs; THINGSCOPE_SEED gives one again.
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { releaseParts } from "./release-parts.mjs";
import { rowOf, runPart } from "./run-part.mjs";

const asked = process.argv.slice(2);
const all = releaseParts();
if (asked.includes("--list")) {
  for (const { id, what } of all) console.log(`${id.padEnd(14)}${what}`);
  process.exit();
}
const unknown = asked.filter((id) => !all.some((part) => part.id === id));
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(", ")}. There are: ${all.map(({ id }) => id).join(", ")}.`,
  );
  process.exit(2);
}
const folder = mkdtempSync(join(tmpdir(), "thingscope-release-"));
console.log(`Logs are in ${folder}.`);
const rows = [];
for (const part of all.filter(({ id }) => asked.length === 0 || asked.includes(id))) {
  console.log(`${part.id}: ${part.what}`);
  const result = await runPart(part, folder);
  if (!result.passed) process.exitCode = 1;
  rows.push(rowOf(result));
  console.log(rows.at(-1));
}
const commit = execFileSync("git", ["describe", "--always", "--dirty"], {
  encoding: "utf8",
}).trim();
console.log(
  `\nCommit ${commit}, ${new Date().toISOString().slice(0, 10)}, Node ${process.version}:\n`,
);
console.log(["| part | result | time | figures |", "|---|---|---|---|", ...rows].join("\n"));
