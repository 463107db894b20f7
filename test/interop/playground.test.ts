import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { type Description, descriptionsOfAll } from "./descriptions.ts";
import { offlineContexts } from "./offline-contexts.ts";
import { program, programFile } from "./programs.ts";

const timeout = TEST_MS;
const isLong = process.env.THINGSCOPE_LONG === "1";
const SAYING_MOST = ["Instrument", "Simulated camera", "Recorder"];

type Verdicts = Record<string, "passed" | "warning" | "failed" | null>;

interface Assertion {
  ID: string;
  Status: "pass" | "fail" | "warning" | "not-impl";
  Comment?: string;
}

interface Core {
  tdValidator(
    description: string,
    log: (line: unknown) => void,
    options: { checkTmConformance: boolean },
  ): Promise<{ report: Verdicts; details: Verdicts }>;
  checkLinkedAffordances(description: Description): Promise<Assertion[]>;
}

interface Assertions {
  tdAssertionTests(
    description: Buffer,
    schemas: object[],
    manual: object[],
    log: (line: unknown) => void,
  ): Promise<Assertion[]>;
}

/** Seconds for each: the short form has one of everything, and the two Things that say most. */
function chosen(all: readonly Description[]): readonly Description[] {
  const some = all.filter(({ title }) => isLong || SAYING_MOST.includes(title));
  assert.equal(some.length, isLong ? all.length : SAYING_MOST.length);
  return some;
}

const SCOPE = "@thing-description-playground";

test("the playground's core finds nothing wrong in any Thing Description", {
  timeout,
}, async (t) => {
  const core = program<Core>(`${SCOPE}/core`);
  createRequire(programFile(SCOPE, "core", "index.js"))("jsonld").documentLoader = offlineContexts;
  for (const description of chosen(await descriptionsOfAll(t))) {
    await t.test(description.title, async () => {
      const lines: unknown[] = [];
      // Its comparison with the Thing Model ends in a TypeError wherever something is null; see below.
      const options = { checkTmConformance: false };
      const { report, details } = await core.tdValidator(
        JSON.stringify(description),
        (line) => lines.push(line),
        options,
      );
      const { defaults, ...others } = report;
      assert.deepEqual(
        others,
        { json: "passed", schema: "passed", jsonld: "passed", additional: "passed" },
        lines.join("\n"),
      );
      // It warns where defaults of TD 1.1 are left unwritten, as TD 1.1 allows.
      assert.ok(defaults === "passed" || defaults === "warning", lines.join("\n"));
      const failed = Object.entries(details).filter(([, verdict]) => verdict === "failed");
      assert.deepEqual(failed, []);
    });
  }
});

test("the playground's assertions of TD 1.1: none fails for any Thing Description", {
  timeout,
}, async (t) => {
  const assertions = program<Assertions>(`${SCOPE}/assertions`);
  const folder = programFile(SCOPE, "assertions", "assertions-td");
  const schemas: object[] = readdirSync(folder)
    .filter((file) => file.endsWith(".json") && file !== "tdAssertionList.json")
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
  for (const description of chosen(await descriptionsOfAll(t))) {
    await t.test(description.title, async () => {
      const bytes = Buffer.from(JSON.stringify(description));
      const results = await assertions.tdAssertionTests(bytes, schemas, [], () => {});
      assert.ok(results.filter(({ Status }) => Status === "pass").length > 100);
      assert.deepEqual(
        results.filter(({ Status }) => Status === "fail"),
        [],
      );
    });
  }
});

test("each Thing has all affordances of the Thing Model that its description links to", {
  timeout,
}, async (t) => {
  const core = program<Core>(`${SCOPE}/core`);
  for (const description of await descriptionsOfAll(t)) {
    const links = description.links.map((link) => ({
      ...link,
      href: new URL(link.href, description.base).href, // the playground does not know `base`
    }));
    const [type] = await core.checkLinkedAffordances({ ...description, links });
    assert.equal(type?.Status, "pass", `${description.title}: ${type?.Comment}`);
  }
});
