import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { collect, frames, record } from "../recording/recordings.ts";
import { pageModule } from "./page-module.ts";

interface Placed {
  readonly capturedAt: number;
  readonly offset: number;
  readonly size: number;
  readonly run?: string;
  readonly index?: number;
}
interface Table {
  readonly count: number;
  add(frame: Placed): void;
  at(n: number): Placed | undefined;
  newestAt(time: number): number;
  gaps(): { from: number; to: number; lost: number }[];
}
interface File {
  read(at: number, length: number): Promise<Uint8Array>;
}

const { FrameTable } = await pageModule<{ FrameTable: new () => Table }>("recordings/frame-table");
const { LedgerReader } = await pageModule<{
  LedgerReader: new (
    onFrame: (frame: Placed) => void,
  ) => {
    take(bytes: Uint8Array): void;
    readonly isClosed: boolean;
  };
}>("recordings/ledger-reader");
const { scanMkv } = await pageModule<{
  scanMkv(file: File, signal: AbortSignal): AsyncIterable<Placed>;
}>("recordings/mkv-scan");
const { found, recordingsOf } = await pageModule<{
  recordingsOf(
    recorders: unknown[],
  ): { id: string; name: string; title: string; kind: string; size: number }[];
  found(all: unknown[], text: string, order: string): { name: string }[];
}>("recordings/recording-list");
const { diskLeft } = await pageModule<{
  diskLeft(
    disk: unknown,
    files: unknown[],
  ): { bytes: number; text: string; isLow: boolean } | undefined;
}>("instruments/disk-left");

const signal = AbortSignal.timeout(60_000);

/** What the page knows of a Recorder, as it is told. */
class KnownRecorder extends EventTarget {
  readonly url = "http://127.0.0.1/recorder/";
  readonly values = new Map<string, { value: unknown }>();
  readonly events: { name: string; data: unknown }[] = [];

  know(name: string, value: unknown): void {
    this.values.set(name, { value });
    this.dispatchEvent(new Event("change"));
  }

  tell(data: unknown): void {
    this.events.push({ name: "recordings_changed", data });
    this.dispatchEvent(new Event("change"));
  }
}

function recorderOf(recordings: unknown): KnownRecorder {
  const recorder = new KnownRecorder();
  recorder.know("recordings", recordings);
  return recorder;
}

function inMemory(bytes: Uint8Array): File {
  return { read: async (at, length) => bytes.subarray(at, at + length) };
}

test("the player finds each frame of a recording in its ledger, in whatever pieces that comes, and the same ones in the file alone", async () => {
  const { path } = await record(frames(200, 33, 3000));
  const ledger = await readFile(path.replace(/mkv$/, "ledger.jsonl"));
  const table = new FrameTable();
  const reader = new LedgerReader((frame) => table.add(frame));
  for (let at = 0; at < ledger.length; at += 97) reader.take(ledger.subarray(at, at + 97));
  assert.deepEqual([table.count, reader.isClosed], [200, true]);
  const bytes = await readFile(path);
  const scanned = await collect(scanMkv(inMemory(bytes), signal));
  assert.equal(scanned.length, 200);
  for (const [n, { offset, size, capturedAt }] of scanned.entries()) {
    const listed = table.at(n)!;
    assert.deepEqual([listed.offset, listed.size, listed.index], [offset, size, n]);
    assert.ok(Math.abs(listed.capturedAt - capturedAt) < 0.2);
  }
  const [third, fourth] = [table.at(2)!.capturedAt, table.at(3)!.capturedAt];
  assert.deepEqual([table.newestAt(third), table.newestAt(fourth - 1)], [2, 2]);
  assert.deepEqual([table.newestAt(0), table.newestAt(fourth + 1e9)], [0, 199]);
});

test("a file that is cut off or damaged in the middle is played as far as it goes, and behind the damage", async () => {
  const { path } = await record(frames(200, 33, 3000));
  const bytes = await readFile(path);
  const cut = await collect(scanMkv(inMemory(bytes.subarray(0, bytes.length >> 1)), signal));
  assert.ok(cut.length > 80 && cut.length < 110, `${cut.length}`);
  const all = await collect(scanMkv(inMemory(bytes), signal));
  const { offset } = all[90]!;
  bytes.fill(0, offset - 9, offset + 20); // the head of a block
  const rest = await collect(scanMkv(inMemory(bytes), signal));
  assert.deepEqual(rest.slice(0, 90), all.slice(0, 90));
  assert.deepEqual(rest.at(-1), all.at(-1));
  assert.ok(rest.length > 160, `${rest.length}: what is lost ends with its cluster`);
});

test("lines of a ledger that are no frames, or contradict those before them, are left out", () => {
  const table = new FrameTable();
  const reader = new LedgerReader((frame) => table.add(frame));
  const lines = [
    ...['{"ledger":1}', '["r",0,1000,100,50,1]', "[", '["r","x",1,2,3]', '["r",1,1033,150,50,1]'],
    ...[
      '["r",2,900,250,50,1]',
      '["r",3,1066,120,50,1]',
      '["r",6,1166,300,50,1]',
      '["r",7,1199,400,0]',
    ],
    '["r",8,',
  ];
  reader.take(Buffer.from(lines.join("\n")));
  const indices = Array.from({ length: table.count }, (_, n) => table.at(n)?.index);
  assert.deepEqual(indices, [0, 1, 6]);
  assert.deepEqual(table.gaps(), [{ from: 1033, to: 1166, lost: 4 }]);
  assert.equal(reader.isClosed, false);
});

test("recordings are named, searched and sorted; a list in which anything stands is read as far as it can be", () => {
  const file = (name: string, more: object = {}) => ({
    id: name,
    name,
    href: `/f/${name}`,
    size: 5,
    ...more,
  });
  const value = [
    file("camera_20261125T190603Z.mkv", {
      first: 1795806363000,
      camera: "camera",
      reason: "a bird",
    }),
    file("<b>nest</b>.mp4", { first: 1795806364000, size: 9 }),
    file("still.jpg", { created: "2026-01-01T00:00:00Z" }),
    ...[null, 7, {}, { id: 1, name: "x", href: "y" }],
  ];
  const recorder = recorderOf(value);
  const all = recordingsOf([recorder, recorder]);
  assert.deepEqual(
    all.map(({ kind }) => kind),
    ["video", "mkv", "still"],
    "each once, the newest first",
  );
  assert.match(all[1]!.title, /^camera, /);
  assert.equal(all[0]!.title, "<b>nest</b>");
  const names = (text: string, order: string) => found(all, text, order).map(({ name }) => name);
  assert.deepEqual(names("BIRD camera", "newest"), ["camera_20261125T190603Z.mkv"]);
  assert.deepEqual(names("", "largest")[0], "<b>nest</b>.mp4");
  assert.deepEqual(names("", "oldest")[0], "still.jpg");
  assert.deepEqual(names("nothing", "name"), []);
});

test("changes of a list, and what is written now, are seen without the list being told again", () => {
  const [first, second] = ["a.mkv", "b.mkv"].map((id, n) => ({
    ...{ id, name: id, href: `/f/${id}`, size: 1, first: 1000 + n },
  }));
  const recorder = recorderOf([first]);
  const sizes = () => recordingsOf([recorder]).map(({ id, size }) => `${id} ${size}`);
  assert.deepEqual(sizes(), ["a.mkv 1"]);
  recorder.tell({ changed: [{ ...second, growing: true }], removed: [] });
  assert.deepEqual(sizes(), ["b.mkv 1", "a.mkv 1"]);
  recorder.know("progress", [{ name: "b.mkv", frames: 5, duration: 1, dropped: 0, size: 700 }]);
  assert.deepEqual(sizes(), ["b.mkv 700", "a.mkv 1"]);
  recorder.know("progress", []);
  recorder.tell({ changed: [{ ...second, size: 900 }], removed: ["a.mkv"] });
  assert.deepEqual(sizes(), ["b.mkv 900"]);
  recorder.tell({ changed: 7 });
  recorder.know("recordings", [first, second]);
  assert.deepEqual(sizes(), ["b.mkv 1", "a.mkv 1"], "the list itself is the truth");
});

test("room on the disk is told in time and bytes, within reserve and quota", () => {
  const disk = { free: 10e9, total: 20e9, reserve: 1e9, recordings: 2e9 };
  const going = [{ size: 20e6, duration: 10 }];
  assert.equal(diskLeft(disk, going)?.text, "75 min, 9.0 GB");
  assert.equal(diskLeft({ ...disk, quota: 3e9 }, [])?.text, "1.0 GB");
  const full = diskLeft({ ...disk, quota: 1e9 }, going);
  assert.deepEqual([full?.text, full?.isLow, full?.bytes], ["No room left", true, 0]);
  assert.equal(diskLeft({ free: 0, total: 0 }, going), undefined, "it has not been looked at");
});
