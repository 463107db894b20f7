import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { wallTime } from "thingscope";
import { verifyTickets } from "thingscope/work";
import { closedLine } from "../../src/work/ticket-lines.ts";
import { MOST_TAKERS } from "../../src/work/tickets.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { DONE, HEAD, ticketsIn } from "./tickets-in.ts";

/** A ledger of which one ticket has ended and two are open, closed. */
async function ledgerIn(folder: string) {
  const { want, tickets, ledger, close } = await ticketsIn(folder);
  want(0, 1, 2);
  tickets.report("run:0", DONE);
  await close();
  return { path: ledger.path, lines: (await readFile(ledger.path, "utf8")).split("\n") };
}

const CLOSED = closedLine({ wanted: 3, done: 1, failed: 0, dropped: 0, open: 2, next: "gone" });

/** One bit of the character that a line has at a place, the other way round. */
function flipped(line: string, at: number): string {
  return line.slice(0, at) + String.fromCharCode(line.charCodeAt(at) ^ 1) + line.slice(at + 1);
}

test("verify finds a bit that has flipped, wherever it is", async () => {
  const folder = await temporaryFolder();
  const { path, lines } = await ledgerIn(folder);
  const [, wanted = "", , , done = ""] = lines;
  for (const [number, text, what] of [
    [1, wanted, '"captured_at":'],
    [4, done, '"result":'],
    [4, done, '"state":"'],
    [4, done, '"worker":"'],
    [4, done, '"cr'],
  ] as const) {
    const changed = lines.with(number, flipped(text, text.indexOf(what) + what.length));
    await writeFile(path, changed.join("\n"));
    const { ok, sentence } = await verifyTickets(path);
    assert.equal(ok, false, `${what} ${sentence}`);
    assert.match(sentence, /1 lines are damaged/);
  }
  await writeFile(path, lines.join("\n"));
  assert.equal((await verifyTickets(path)).ok, true);
});

test("verify finds counts that are none, in a ledger that was written by hand", async () => {
  const path = join(await temporaryFolder(), "odd.tickets.jsonl");
  const ticket = (index: number) => `{"run":"a","index":${index},"captured_at":1,"state":"wanted"}`;
  const odd = ['{"missed":-5}', '{"missed":1e999}', ticket(-1), ticket(1.5)];
  const head = '{"tickets":1,"queue":"spots","camera":"camera"}';
  await writeFile(path, `${[head, ...odd, ticket(1)].join("\n")}\n`);
  const { ok, sentence, wanted, missed } = await verifyTickets(path);
  assert.deepEqual([ok, wanted, missed], [false, 1, 0]);
  assert.match(sentence, /4 lines are damaged/);
});

for (const [what, spoil, why, stillOpen] of [
  ["is empty", () => "", /not a ledger of tickets/, []],
  ["is of zeros", (text: string) => "\0".repeat(text.length), /not a ledger/, []],
  [
    "has a damaged line",
    (text: string) => text.replace('"index":0', '"index":4'),
    /1 ended that were never wanted, 1 lines are damaged/,
    ["run:1", "run:2"],
  ],
  [
    "says of a ticket twice how it ended",
    (text: string) => `${text + text.split("\n").at(-2)}\n`,
    /1 ended twice/,
    ["run:1", "run:2"],
  ],
  ["is closed", (text: string) => `${text}${CLOSED}`, /is closed/, ["run:1", "run:2"]],
] as const) {
  test(`a ledger that ${what} is left as it is, and the next goes on`, async () => {
    const folder = await temporaryFolder();
    const { path, lines } = await ledgerIn(folder);
    const spoilt = spoil(lines.join("\n"));
    await writeFile(path, spoilt);
    const { left, ledger, read, tickets, want, close } = await ticketsIn(folder);
    assert.match(left ?? "", why);
    assert.deepEqual([...read.open.keys()], stillOpen);
    for (const id of stillOpen) assert.equal(tickets.report(id, DONE), "recorded");
    want(10);
    await close();
    assert.equal(await readFile(path, "utf8"), spoilt);
    assert.equal(ledger.path, join(folder, "spots.2.tickets.jsonl"));
    const verdict = await verifyTickets(ledger.path);
    assert.deepEqual(
      [verdict.ok, verdict.wanted, verdict.done, verdict.open],
      [true, stillOpen.length + 1, stillOpen.length, 1],
      verdict.sentence,
    );
  });
}

test("a frame is wanted once, also by the next process", async () => {
  const folder = await temporaryFolder();
  const before = await ticketsIn(folder);
  before.want(0, 1, 0);
  before.tickets.report("run:1", DONE);
  before.want(1);
  assert.deepEqual([before.counts.wanted, before.counts.open], [2, 1]);
  await before.close();
  const after = await ticketsIn(folder);
  after.want(0, 1);
  assert.equal(after.tickets.report("run:1", DONE), "repeated");
  await after.close();
  const { ok, wanted, sentence } = await verifyTickets(after.ledger.path);
  assert.deepEqual([ok, wanted], [true, 2], sentence);
});

test("a deadline counts from when a frame was wanted, whatever the camera's clock says", async () => {
  const folder = await temporaryFolder();
  const HOUR = 3.6e6;
  const { tickets, pass, counts, close } = await ticketsIn(folder);
  for (const [index, offset] of [0, -HOUR, HOUR].entries())
    tickets.want({ run: "run", index, capturedAt: wallTime() + offset });
  pass(900);
  assert.deepEqual([counts.open, counts.dropped], [3, 0]);
  await close();
  const after = await ticketsIn(folder);
  assert.equal(after.counts.open, 3);
  after.pass(1001);
  assert.deepEqual([after.counts.open, after.counts.causes.get("deadline")], [0, 3]);
  await after.close();
});

test("a ticket that five workers took and none has reported is failed, with their names", async () => {
  const { tickets, want, ends, ledger, close } = await ticketsIn(await temporaryFolder());
  want(0);
  for (let n = 0; n < MOST_TAKERS; n++)
    assert.equal(tickets.take("run:0", n % 2 ? "odd" : "even"), true);
  assert.equal(tickets.take("run:0", "next"), false);
  assert.equal(tickets.take("run:0", "next"), false);
  assert.deepEqual(ends, [[0, "failed"]]);
  await close();
  assert.match(await readFile(ledger.path, "utf8"), /5 workers took it \(even, odd\), and none/);
});

test("a ledger that is removed while it is open is made again, with all that was in it", async () => {
  const folder = await temporaryFolder();
  const { want, tickets, ledger, close } = await ticketsIn(folder);
  want(0, 1);
  await ledger.written();
  await rm(ledger.path);
  tickets.report("run:0", DONE);
  await ledger.written();
  tickets.report("run:1", DONE);
  await close();
  const { ok, wanted, done } = await verifyTickets(ledger.path);
  assert.deepEqual([ok, wanted, done], [true, 2, 2]);
});

test("two queues do not write into one ledger", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "one"));
  await symlink("one", join(folder, "link"));
  const first = await ticketsIn(join(folder, "one"));
  await assert.rejects(ticketsIn(join(folder, "link")), /belongs to another queue of this process/);
  await first.close();
  await (await ticketsIn(join(folder, "link"))).close();
});

test("a ledger that is no file is not opened, and says so", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, `${HEAD.queue}.tickets.jsonl`));
  await assert.rejects(
    ticketsIn(folder),
    /The ledger of 'spots' in .* is not a file: it is a folder/,
  );
});

test("a file of one endless line is read without being held", async () => {
  const folder = await temporaryFolder();
  const { path } = await ledgerIn(folder);
  for (let n = 0; n < 50; n++) await appendFile(path, "x".repeat(2 ** 20));
  await appendFile(path, "\n");
  const before = process.memoryUsage().rss;
  const { sentence } = await verifyTickets(path);
  assert.match(sentence, /1 lines are damaged/);
  assert.ok(process.memoryUsage().rss - before < 40e6);
  await rename(path, `${path}.old`);
});
