import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { marksIn, newestRun, PAGES, withFigures } from "../../bench/published.ts";

const RUN = {
  cells: [
    { workload: "P1", kind: "ours", samples: [{ p50_us: 170 }, { p50_us: 190 }, { p50_us: 150 }] },
    { workload: "P1", kind: "limit", samples: [{ p50_us: 100 }] },
    { workload: "H1", kind: "ours", samples: [{ per_second: 67_923.6 }] },
  ],
} as const;

test("a marked figure is the median of its run, in the unit of the report, or the ratio of two", () => {
  const page =
    "0.2<!-- P1 p50_us ours --> ms, 9,9<!-- P1 p50_us ours/limit --> times, ?<!-- H1 per_second ours -->.";
  assert.equal(
    withFigures(page, {
      cells: RUN.cells.map((cell) => ({ ...cell, samples: [...cell.samples] })),
    }),
    "0.17<!-- P1 p50_us ours --> ms, 1.7<!-- P1 p50_us ours/limit --> times, 67,924<!-- H1 per_second ours -->.",
  );
});

test("a figure that the run has not is told", () => {
  assert.throws(
    () => withFigures("1<!-- P1 p50_us ustreamer -->", { cells: [] }),
    /no p50_us of ustreamer in P1/,
  );
});

test("every figure in README and docs/internals/benchmarks.md is that of the published run, or said to have none", () => {
  const run = newestRun();
  for (const path of PAGES) {
    const page = readFileSync(path, "utf8");
    if (run) assert.equal(page, withFigures(page, run), path);
    else if (marksIn(page) > 0) assert.match(page, /their raw results were not kept/, path);
    // A row of figures without a mark would grow old unseen.
    const rows = page.match(/^\| (?:[PSHAB]\d).*\|$/gm) ?? [];
    for (const row of rows.filter((one) => /\d\.\d\d?[;,]/.test(one)))
      assert.ok(marksIn(row) > 0, row);
  }
});
