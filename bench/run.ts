// Runs the bench: `npm run bench`, `npm run bench -- --full`. docs/internals/benchmarks.md says what each row means.
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { messageOf } from "../src/base/errors.ts";
import { describeMachine } from "./machine.ts";
import { buildPrograms } from "./programs.ts";
import { sampleLine, toMarkdown, writeResults } from "./report.ts";
import { Results } from "./results.ts";
import { type KindName, type Length, REPETITIONS, type Row } from "./row.ts";
import { ROWS } from "./rows.ts";

const { values: options } = parseArgs({
  options: {
    all: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    smoke: { type: "boolean", default: false },
    only: { type: "string" },
    minutes: { type: "string" },
  },
});
const length: Length = options.full ? "full" : options.smoke ? "smoke" : "short";
/** A smoke test shows that each cell runs, and its figures nothing. */
const CELLS_AT_ONCE: Record<Length, number> = { smoke: 2, short: 1, full: 1 };
const minutes = options.minutes ? Number(options.minutes) : undefined;
const rows = chosenRows();

if (cpus().length < 2) fail("The bench needs two cores: one for the server, one for the load.");
await buildPrograms().catch((error: unknown) => fail(messageOf(error)));

const machine = await describeMachine();
const results = new Results();
for (let repetition = 1; repetition <= REPETITIONS[length]; repetition++) {
  const cells = rows.flatMap((row) => row.kinds.map((kind) => [row, kind] as const));
  const waiting = cells.values();
  const runWaiting = async () => {
    for (const [row, kind] of waiting) await runCell(row, kind, repetition);
  };
  await Promise.all(Array.from({ length: CELLS_AT_ONCE[length] }, runWaiting));
  if (CELLS_AT_ONCE[length] === 1) continue;
  // One that failed beside another may want the machine for itself.
  for (const [row, kind] of cells) {
    const cell = results.cell(row.id, kind);
    if (!cell.failure) continue;
    delete cell.failure;
    await runCell(row, kind, repetition);
  }
}

console.log(`\n${toMarkdown(results, machine, length)}`);
if (!options.only) console.log(`Written to ${writeResults(results, machine, length)}.md and .json`);
const failed = results.cells.filter((cell) => cell.failure);
if (failed.length > 0) fail(`${failed.length} cells did not run; the reasons are above.`);

/** Those asked for by name; what --smoke tries; all for --all and --full; else the stream's own, in three minutes. */
function chosenRows(): readonly Row[] {
  const { only, smoke, all, full } = options;
  if (only === undefined) {
    return ROWS.filter((row) => (smoke ? row.isInSmoke : all || full || row.group === "frames"));
  }
  const names = only.split(",");
  const unknown = names.filter((name) => !ROWS.some(({ id, group }) => [id, group].includes(name)));
  if (unknown.length > 0) {
    const known = [...new Set(ROWS.flatMap(({ id, group }) => [group, id]))].sort().join(", ");
    fail(`The bench has no '${unknown.join("', '")}'. It has ${known}.`);
  }
  return ROWS.filter(({ id, group }) => names.includes(id) || names.includes(group));
}

async function runCell(row: Row, kind: KindName, repetition: number): Promise<void> {
  const cell = results.cell(row.id, kind);
  const title = `${row.id} ${kind} ${repetition}/${REPETITIONS[length]}`;
  try {
    const sample = await row.measure(kind, length, minutes);
    cell.samples.push(sample);
    console.log(`${title}: ${sampleLine(sample)}`);
  } catch (error) {
    cell.failure = messageOf(error);
    console.log(`${title}: ${cell.failure}`);
  }
}

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}
