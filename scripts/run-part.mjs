// Runs one part of `npm run test:release`, whatever becomes of it, and says in a row how it went.
import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";

/** Figures that a row shows at most, and the length of each. */
const FIGURES = 5;
const LONGEST_FIGURE = 140;
const SUMMARY = /^(suites|pass|cancelled|skipped|todo|duration_ms|longest:|Subtest:)/;

/**
 * @param part - See `releaseParts`. Its output goes to a log of its name in `folder`, and, where `tell` is given, line by line to that.
 * @returns Never rejects: a program that cannot be started is a part that failed.
 */
export async function runPart({ id, command, env = {} }, folder, tell = () => {}) {
  const log = createWriteStream(join(folder, `${id}.log`));
  const began = performance.now();
  const child = spawn(process.execPath, command, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  const lines = [];
  const read = (stream) => {
    createInterface({ input: stream }).on("line", (line) => {
      log.write(`${line}\n`);
      if (/^# |^\d+ rows: |^Error/.test(line)) lines.push(line);
      tell(line);
    });
  };
  read(child.stdout);
  read(child.stderr);
  const code = await ended;
  log.end();
  await finished(log);
  return { id, code, passed: code === 0, seconds: (performance.now() - began) / 1000, lines };
}

/** A row of docs/releases.md. */
export function rowOf({ id, code, passed, seconds, lines }) {
  const said = lines.map((line) => line.replace(/^(# |\\# )+/, ""));
  const tests = said.findLast((line) => /^tests \d+$/.test(line)) ?? "";
  const failed = said.filter((line) => /^(failed: |Error)/.test(line));
  const figures = said
    .filter((line) => !SUMMARY.test(line) && !/^(tests|fail) \d+$/.test(line))
    .filter((line) => /\d/.test(line) && !failed.includes(line));
  const shown = [...failed, ...new Set(figures)].slice(0, FIGURES).map((line) => {
    const plain = line.replaceAll("|", "/");
    return plain.length > LONGEST_FIGURE ? `${plain.slice(0, LONGEST_FIGURE)}…` : plain;
  });
  const result = passed ? "passed" : `**failed** (${code})`;
  const minutes = `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `| ${[id, result, minutes, [tests, ...shown].filter(Boolean).join("; ")].join(" | ")} |`;
}
