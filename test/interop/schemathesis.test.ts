import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { folderWith } from "../cli/run-cli.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { pythonCommand } from "./programs.ts";
import { INSTRUMENT, serveInstrument } from "./serving.ts";

const run = promisify(execFile);
/** One of everything, streams, and tuples. */
const THINGS = {
  instrument: INSTRUMENT,
  camera: "thingscope/things:SimulatedCamera",
  stage: "thingscope/things:SimulatedStage",
};
const isLong = process.env.THINGSCOPE_LONG === "1";
const timeout = isLong ? 10 * TEST_MS : TEST_MS;
const FILE = "openapi.json";
const EVENTS = "events.ndjson";

interface Responses {
  [status: string]: { content?: Record<string, unknown> };
}
interface Document {
  paths: Record<string, Record<string, { responses: Responses }>>;
}
/** A line of Schemathesis' report. */
interface Finished {
  recorder: {
    checks?: Record<string, { failure_info: { failure: Failure } | null }[]>;
    interactions?: Record<string, { response: { content?: { $base64?: string } | null } | null }>;
  };
}
interface Failure {
  code: string;
  operation: string;
  message: string;
}

/** What is right here although a schema cannot say it: the check, and what the answer or the report says. */
const KNOWN: readonly (readonly [code: string, operation: RegExp, said: RegExp])[] = [
  // LabThings answers so
  ["ST101", /^DELETE .*\/action_invocations/, /"code":"NOT_CANCELLABLE"/],
  ["ST101", /^GET .*\/action_invocations.*\/output$/, /"code":"NO_OUTPUT"/],
  // `?wait=0` waits for no frame, and this sensor is not plugged in
  ["ST101", /\/(snapshot|next_frame_size)$/, /"code":"NO_FRAME"/],
  ["ST101", /^GET \/instrument\/temperature$/, /"code":"PROPERTY_FAILED"/],
  // a link is followed only to a blob of this server
  ["ST202", /^POST \/instrument\/measure$/, /does not name a blob/],
];

/** The document without answers that have no end or wait for news, and without `default`, by which any status would do. */
function strict({ paths, ...rest }: Document): Document {
  const kept = Object.entries(paths).map(([path, item]) => {
    const operations = Object.entries(item).filter(([, { responses }]) => !isEndless(responses));
    return [path, Object.fromEntries(operations.map(([method, one]) => [method, declared(one)]))];
  });
  return { ...rest, paths: Object.fromEntries(kept) };
}

function isEndless(responses: Responses): boolean {
  const types = Object.keys(responses[200]?.content ?? {});
  const isStream = types.length > 0 && types.every((type) => /event-stream|multipart/.test(type));
  return isStream || "101" in responses || ("204" in responses && "200" in responses);
}

function declared({ responses: { default: _, ...responses }, ...rest }: { responses: Responses }) {
  return { ...rest, responses };
}

function failuresIn(report: string): string[] {
  const events: { ScenarioFinished?: Finished }[] = report
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return events.flatMap(({ ScenarioFinished }) =>
    ScenarioFinished ? failuresOf(ScenarioFinished) : [],
  );
}

function failuresOf({ recorder }: Finished): string[] {
  return Object.entries(recorder.checks ?? {}).flatMap(([id, checks]) =>
    checks.flatMap(({ failure_info: info }) => {
      if (!info) return [];
      const { code, operation, message } = info.failure;
      const { $base64 = "" } = recorder.interactions?.[id]?.response?.content ?? {};
      const said = `${message}\n${Buffer.from($base64, "base64")}`;
      const isKnown = KNOWN.some(
        ([known, of, words]) => known === code && of.test(operation) && words.test(said),
      );
      return isKnown ? [] : [`${code} ${operation}: ${said}`];
    }),
  );
}

test("Schemathesis finds nothing that the server does otherwise than its document says", {
  timeout,
}, async (t) => {
  const { url } = await serveInstrument(t, { things: THINGS });
  const document: Document = JSON.parse(await (await fetch(`${url}/openapi.json`)).text());
  const folder = await folderWith({ [FILE]: JSON.stringify(strict(document)) });
  const options = [
    ...["--url", url, "--header", "Accept: application/json"], // in the strict dialect: no string is a number
    ...["--phases", isLong ? "examples,coverage,fuzzing" : "examples,coverage", "--workers", "2"],
    ...["--generation-deterministic", "--continue-on-failure", "--no-shrink"],
    ...["--max-examples", "20", "--request-timeout", "30"],
    // What pages are made of; a second stream; and what it writes as draft 4 does, tuples or null, and then refuses.
    ...["--exclude-path-regex", "/(assets|viewer)/|lores_|xyz_position$"],
    ...["--report", "ndjson", "--report-ndjson-path", EVENTS],
  ];
  const told = await run(pythonCommand("schemathesis"), ["run", FILE, ...options], {
    cwd: folder,
    timeout,
    maxBuffer: 1 << 24,
  }).catch((error: { stdout: string }) => error);
  const report = await readFile(join(folder, EVENTS), "utf8");
  assert.deepEqual(failuresIn(report), []);
  const { stdout } = told;
  const [, count = "0"] = /(\d+) generated/.exec(stdout) ?? [];
  assert.ok(Number(count) > 1000, stdout);
  assert.doesNotMatch(stdout, /errored/, stdout);
});

test("openapi-spec-validator finds nothing wrong with the document", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveInstrument(t, { things: THINGS });
  const file = await (await fetch(`${url}/openapi.json`)).text();
  const folder = await folderWith({ [FILE]: file });
  const { stdout } = await run(
    pythonCommand("openapi-spec-validator"),
    ["--schema", "3.1", "--validation-errors", "all", FILE],
    { cwd: folder, timeout: WAIT_MS },
  );
  assert.match(stdout, /OK/);
});
