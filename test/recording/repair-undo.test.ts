import assert from "node:assert/strict";
import { open as openFile, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { test } from "node:test";
import { undoPathOf } from "../../src/recording/ledger/video-names.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { repairRecording } from "../../src/recording/repair/repair.ts";
import { RepairUndo } from "../../src/recording/repair/repair-undo.ts";
import { TEST_MS } from "../limits.ts";
import { accountOf } from "./accounts.ts";
import { copyOf, damage, originals } from "./damage.ts";

const timeout = TEST_MS;
const { closed } = await originals();

test("what a repair kept of a recording is not brought back into another of its name", {
  timeout,
}, async () => {
  const path = await copyOf(closed);
  const undo = await RepairUndo.begin(path);
  const file = await openFile(path, "r");
  await undo.keep(file, [{ at: 20_000, length: 50_000 }], closed.bytes.length, closed.frames[0]!);
  await file.close();
  const kept = await readFile(undoPathOf(path));
  await undo.remove();
  const another = await copyOf(closed);
  await writeFile(undoPathOf(another), kept);
  await damage(another, closed.frames[0]!.offset + 700, { flip: 1 });
  await damage(another, 30_000, { flip: 20 });
  assert.match((await verifyRecording(another)).sentence, /a repair of it was cut off/);
  await repairRecording(another);
  assert.equal((await accountOf(another)).kept.length, 58, "nothing was brought back");
  const same = await copyOf(closed);
  await damage(same, 30_000, { flip: 20 });
  const torn = Buffer.from(kept);
  torn.fill(0, 4096, 4608);
  await writeFile(undoPathOf(same), torn);
  await repairRecording(same);
  assert.equal((await accountOf(same)).kept.length, 59, "what is torn is not brought back");
  const own = await copyOf(closed);
  await damage(own, 30_000, { flip: 20 });
  await writeFile(undoPathOf(own), kept);
  await repairRecording(own);
  assert.ok((await readFile(own)).equals(closed.bytes));
});

test("a repair that is ended while it looks at a file changes nothing", { timeout }, async () => {
  const path = await copyOf(closed);
  await damage(path, 30_000, { flip: 20 });
  const before = await readFile(path);
  const signal = AbortSignal.abort();
  await assert.rejects(repairRecording(path, { signal }), { name: "AbortError" });
  assert.ok((await readFile(path)).equals(before));
  assert.deepEqual((await readdir(dirname(path))).sort(), ["film.ledger.jsonl", "film.mkv"]);
});
