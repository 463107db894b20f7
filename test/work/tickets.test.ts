import assert from "node:assert/strict";
import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { verifyTickets } from "thingscope/work";
import { TicketCounts } from "../../src/work/ticket-counts.ts";
import { closedLine } from "../../src/work/ticket-lines.ts";
import { MOST_OPEN } from "../../src/work/tickets.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { DONE, ticketsIn } from "./tickets-in.ts";

test("what was wanted and has not ended is open when the ledger is opened again", async () => {
  const folder = await temporaryFolder();
  const before = await ticketsIn(folder);
  before.want(0, 1, 2);
  before.tickets.report("run:1", DONE);
  await before.close();
  const after = await ticketsIn(folder);
  assert.deepEqual([...after.read.open.keys()], ["run:0", "run:2"]);
  assert.equal(after.tickets.report("run:0", DONE), "recorded");
  assert.equal(after.tickets.report("run:0", DONE), "repeated");
  await after.close();
  const { sentence } = await verifyTickets(after.ledger.path);
  assert.match(sentence, /: 3 wanted = 2 done \+ 0 failed \+ 0 dropped \+ 1 open\.$/);
});

test("a line that was cut off is removed, and the ledger goes on", async () => {
  const folder = await temporaryFolder();
  const before = await ticketsIn(folder);
  before.want(0);
  await before.close();
  await appendFile(before.ledger.path, '{"ticket":"run:0","ru');
  assert.match(
    (await verifyTickets(before.ledger.path)).sentence,
    /1 open; its last line .* was cut off/,
  );
  const after = await ticketsIn(folder);
  after.tickets.report("run:0", DONE);
  await after.close();
  const { ok, done, open } = await verifyTickets(after.ledger.path);
  assert.deepEqual([ok, done, open], [true, 1, 0]);
});

test("a ticket is dropped when its deadline has passed, and a report after it is late", async () => {
  const folder = await temporaryFolder();
  const { want, pass, ends, tickets, counts, close } = await ticketsIn(folder);
  want(0, 1);
  pass(400);
  tickets.report("run:0", DONE);
  want(2);
  pass(601);
  assert.deepEqual(ends, [
    [0, "done"],
    [1, "dropped"],
  ]);
  assert.equal(tickets.report("run:1", DONE), "late");
  pass(400);
  assert.deepEqual([counts.dropped, counts.causes.get("deadline"), counts.open], [2, 2, 0]);
  await close();
});

test("beyond 10,000 open tickets each is dropped at once, with that cause", async () => {
  const folder = await temporaryFolder();
  const { want, counts, ledger, close } = await ticketsIn(folder);
  want(...Array.from({ length: MOST_OPEN + 5 }, (_, n) => n));
  assert.deepEqual([counts.open, counts.causes.get("too_many")], [MOST_OPEN, 5]);
  await close();
  const { ok, wanted, dropped } = await verifyTickets(ledger.path);
  assert.deepEqual([ok, wanted, dropped], [true, MOST_OPEN + 5, 5]);
});

test("a large ledger is closed with its sums, and the next goes on with the open tickets", async () => {
  const folder = await temporaryFolder();
  const before = await ticketsIn(folder, { mostBytes: 2000 });
  for (let n = 0; n < 40; n++) {
    before.want(n);
    if (n % 4 !== 0) before.tickets.report(`run:${n}`, DONE);
  }
  await before.close();
  const names = (await readdir(folder)).filter((name) => name.endsWith(".tickets.jsonl"));
  assert.ok(names.length > 3, String(names));
  let carried = 0;
  let [wanted, done] = [0, 0];
  for (let n = 1; n <= names.length; n++) {
    const path = join(folder, n === 1 ? "spots.tickets.jsonl" : `spots.${n}.tickets.jsonl`);
    const verdict = await verifyTickets(path);
    assert.ok(verdict.ok, verdict.sentence);
    wanted += verdict.wanted - carried;
    done += verdict.done;
    carried = verdict.open;
  }
  assert.deepEqual([wanted, done, carried], [40, 30, 10]);
  const after = await ticketsIn(folder);
  assert.equal(after.read.open.size, 10);
  await after.close();
});

test("verify tells what cannot be", async () => {
  const folder = await temporaryFolder();
  const { want, tickets, ledger, close } = await ticketsIn(folder);
  want(0, 1);
  tickets.report("run:0", DONE);
  await close();
  const text = await readFile(ledger.path, "utf8");
  const lines = text.trimEnd().split("\n");
  const verdictOn = async (changed: string[]) => {
    await writeFile(ledger.path, `${changed.join("\n")}\n`);
    const { ok, sentence } = await verifyTickets(ledger.path);
    assert.equal(ok, false, sentence);
    return sentence;
  };
  assert.match(await verdictOn([...lines, lines[3]!]), /: 1 ended twice\.$/);
  assert.match(await verdictOn([...lines, lines[1]!]), /: 1 were wanted twice\.$/);
  assert.match(await verdictOn(lines.toSpliced(1, 1)), /: 1 ended that were never wanted\.$/);
  assert.match(await verdictOn([...lines, "junk"]), /: 1 lines are damaged\.$/);
  assert.match(await verdictOn(lines.slice(1)), /not a ledger of tickets, or its first line/);
  const closed = { wanted: 3, done: 1, failed: 0, dropped: 0, open: 1, next: "x" };
  assert.match(
    await verdictOn([...lines, closedLine(closed).trimEnd()]),
    /its last line counts 3 wanted, its lines 2/,
  );
});

test("while the folder is gone nothing is confirmed, and all is written when it is back", async () => {
  const folder = await temporaryFolder();
  const { want, tickets, ledger, close } = await ticketsIn(folder, { mostBytes: 10 });
  await ledger.written();
  await rm(folder, { recursive: true });
  want(0); // larger than a file may be: the next cannot be made
  let isWritten = false;
  const written = ledger.written().then(() => {
    isWritten = true;
  });
  while (ledger.failure === undefined) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(isWritten, false);
  for (const index of [1, 2, 3]) tickets.miss({ run: "run", index }, ledger.failure);
  await mkdir(folder);
  await written;
  assert.equal(ledger.failure, undefined);
  tickets.report("run:0", DONE);
  await close();
  assert.match(
    await readFile(ledger.path, "utf8"),
    /\{"missed":3,"run":"run","from":1,"to":3,"why":/,
  );
  assert.ok((await verifyTickets(ledger.path)).ok);
});

test("a queue's sums begin with those of its ledger", async () => {
  const folder = await temporaryFolder();
  const before = await ticketsIn(folder);
  before.want(0, 1);
  before.tickets.report("run:0", { state: "dropped", cause: "gone", why: "" });
  await before.close();
  const { counts, close } = await ticketsIn(folder);
  assert.ok(counts instanceof TicketCounts);
  assert.deepEqual([counts.wanted, counts.dropped, counts.open], [2, 1, 1]);
  assert.equal(counts.causes.get("gone"), 1);
  await close();
});
