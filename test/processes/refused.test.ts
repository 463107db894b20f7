import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { programVersion } from "../../src/processes/programs.ts";
import { startFailure } from "../../src/processes/start-failure.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

const timeout = TEST_MS;
const CHILD = fileURLToPath(new URL("refused-child.js", import.meta.url));

/** What refused-child.ts says where it may have `limit` of what prlimit calls `what`. */
function underLimit(what: string, limit: number, taken: number): Promise<string> {
  return new Promise((resolve) => {
    const args = [`--${what}=${limit}:${limit}`, process.execPath, CHILD, String(taken)];
    execFile("prlimit", args, { timeout: WAIT_MS }, (error, output, errors) =>
      resolve(output || `${errors}${error?.message ?? ""}`),
    );
  });
}

test("a program that is not started for lack of descriptors is told as that, and is thrown past nobody", {
  timeout,
}, async () => {
  const said = JSON.parse(await underLimit("nofile", 64, 100));
  assert.equal(said.code, "EMFILE");
  assert.ok(said.isSame);
  assert.match(
    said.kept,
    /^This machine refused to start '.*': this server has too many files .*ulimit -n/,
  );
  assert.equal(said.version.code, "PROGRAM_REFUSED");
  assert.match(said.version.message, /^This machine refused to start 'ffmpeg': .*\(EMFILE\)\.$/);
});

test("a file that may not be executed is told as that, not as missing", { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "refused-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "camera");
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, 0o600);
  await assert.rejects(programVersion(path), {
    code: "PROGRAM_REFUSED",
    message: `This machine refused to start '${path}': this user may not execute its file. Correct its permissions (chmod +x) (EACCES).`,
  });
});

test("each refusal has its own sentence and says what to raise; what is not there is missing", () => {
  const sentence = (code: string) => {
    const { code: own, message } = startFailure(
      "ffmpeg",
      Object.assign(new Error("spawn"), { code }),
    );
    return `${own} ${message}`;
  };
  assert.match(sentence("EAGAIN"), /^PROGRAM_REFUSED .*too many processes.*ulimit -u/);
  assert.match(sentence("ENOMEM"), /^PROGRAM_REFUSED .*not enough memory/);
  assert.match(sentence("ENFILE"), /^PROGRAM_REFUSED .*whole machine/);
  assert.match(sentence("EUNKNOWN"), /^PROGRAM_REFUSED .*: spawn \(EUNKNOWN\)|: spawn\.$/);
  assert.match(sentence("ENOENT"), /^PROGRAM_MISSING The program 'ffmpeg' is not installed\./);
});
