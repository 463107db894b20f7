// What the command line says of a recording that another process writes or repairs, and of folders.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, stat, truncate, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { TEST_MS } from "../limits.ts";
import { originals } from "../recording/damage.ts";
import { newPath } from "../recording/recordings.ts";
import { runCli } from "./run-cli.ts";

const timeout = TEST_MS;
const CHILD = packagePath("dist", "test", "recording", "recording-child.js");
const { closed } = await originals();

test("verify, export and repair say that a file is being recorded, by whom, and what to do", {
  timeout,
}, async (t) => {
  const path = await newPath();
  const folder = dirname(path);
  const child = spawn(process.execPath, [CHILD, path, "3000", "100000"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  while (((await stat(ledgerPathOf(path)).catch(() => undefined))?.size ?? 0) < 300) {
    await once(child.stdout, "data");
  }
  const before = await readdir(folder);
  const who = `film\\.mkv is being recorded by process ${child.pid}, which closes it when it ends\\. Stop the recording first, .*`;
  const verify = await runCli(folder, "verify", "film.mkv");
  assert.equal(verify.code, 1);
  assert.match(
    verify.stdout,
    new RegExp(`^${who}, then verify it; so far its ledger lists \\d+ frames\\.\n$`),
  );
  const made = await runCli(folder, "export", "--replace", "film.mkv");
  assert.notEqual(made.code, 0);
  assert.match(made.stderr, new RegExp(`${who}, then export it\\.`));
  const repair = await runCli(folder, "repair", "film.mkv");
  assert.notEqual(repair.code, 0);
  assert.match(repair.stderr, new RegExp(`${who}, then repair it`));
  const all = await runCli(folder, "repair", ".");
  assert.equal(all.code, 0, all.stderr);
  assert.match(all.stdout, new RegExp(who));
  assert.deepEqual(await readdir(folder), before);
});

test("a file whose writer is gone is not being recorded, though its ledger names a process that runs", {
  timeout,
}, async () => {
  const path = await newPath();
  await writeFile(path, closed.bytes);
  const [head, ...rest] = closed.ledger.split("\n");
  const told = { ...JSON.parse(head!), process: `1@${hostname()}` };
  await writeFile(ledgerPathOf(path), [JSON.stringify(told), ...rest].slice(0, -2).join("\n"));
  const { stdout } = await runCli(dirname(path), "verify", "film.mkv");
  assert.match(stdout, /it was not closed/);
});

test("repair and verify of a folder are of every recording in it, and say what each needed", {
  timeout,
}, async () => {
  const path = await newPath("films/b.mkv");
  const films = dirname(path);
  await mkdir(films);
  for (const name of ["a", "b", "C"]) {
    await writeFile(join(films, `${name}.mkv`), closed.bytes);
    await writeFile(join(films, `${name}.ledger.jsonl`), closed.ledger);
  }
  await truncate(path, closed.frames[40]!.offset);
  await writeFile(join(films, "empty.mkv"), "");
  await writeFile(join(films, "empty.ledger.jsonl"), "");
  const repair = await runCli(dirname(films), "repair", "films");
  assert.deepEqual([repair.code, repair.stderr], [0, ""]);
  const lines = repair.stdout.trimEnd().split("\n");
  assert.equal(lines.length, 4, repair.stdout);
  assert.match(lines[0]!, /films\/C\.mkv: OK: 60 frames.*nothing to repair/);
  assert.match(lines[2]!, /films\/b\.mkv: repaired, with 40 frames; 20 listed frames were lost/);
  assert.match(lines[3]!, /empty\.mkv ended before its first frame.*removed/);
  const verify = await runCli(dirname(films), "verify", "films");
  assert.deepEqual([verify.code, verify.stdout.split("\n").length], [0, 4]);
  await mkdir(join(films, "none"));
  const none = await runCli(films, "repair", "none");
  assert.match(none.stderr, /The folder none has no recording \(\.mkv\)/);
  const message = `${films} cannot be repaired: 'films' is not a file: it is a folder.`;
  await assert.rejects(repairRecording(films), { code: "NOT_FOUND", message });
  assert.match((await runCli(films, "export", "none")).stderr, /it is a folder\.[^.]/);
  assert.equal((await readFile(join(films, "a.mkv"))).equals(closed.bytes), true);
});
