import { open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { frameLine, noteLine } from "../../src/recording/ledger/ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import type { Patch } from "../../src/recording/matroska/matroska.ts";
import { MatroskaMjpeg } from "../../src/recording/matroska/matroska-mjpeg.ts";
import { frame, START } from "./recordings.ts";

/** Writes a closed recording of so many frames at 30 Hz, quickly: all have the same picture, of a few hundred bytes. */
export async function writeLongRecording(path: string, count: number): Promise<void> {
  const [video, ledger] = [await open(path, "w"), await open(ledgerPathOf(path), "w")];
  const software = "thingscope 0.1.0";
  const about = { width: 16, height: 16, timeZero: START, software, tags: { CAMERA: "nest" } };
  const mkv = new MatroskaMjpeg(about);
  const first = frame(0, 0);
  const { jpeg, run } = first;
  const [size, crc] = [jpeg.length, crc32(jpeg)];
  const patches: Patch[] = [];
  await video.write(mkv.head);
  await ledger.write(
    noteLine({
      ledger: 1,
      file: "film.mkv",
      camera: "nest",
      reason: "",
      timeZero: START,
      software,
    }),
  );
  for (let n = 0; n < count; ) {
    const pieces: Uint8Array[] = [];
    let lines = "";
    for (const end = Math.min(count, n + 1000); n < end; n++) {
      const capturedAt = START + Math.round((n * 1_000_000) / 30) / 1000;
      const { patch, offset, pieces: own } = mkv.place({ ...first, index: n, capturedAt });
      if (patch) patches.push(patch);
      pieces.push(...own);
      lines += frameLine({ run, index: n, capturedAt, offset, size, crc });
    }
    await video.write(Buffer.concat(pieces));
    await ledger.write(lines);
  }
  const { cues, patches: last } = mkv.closing();
  await video.write(cues);
  const summary = {
    ended: "stopped",
    captured: count,
    written: count,
    dropped: {},
    refused: 0,
    clockSteps: [],
    newRuns: 0,
    source: [],
    bytes: mkv.end + cues.length,
  };
  await ledger.write(noteLine({ summary }));
  for (const { at, bytes } of [...patches, ...last]) await video.write(bytes, 0, bytes.length, at);
  await Promise.all([video.close(), ledger.close()]);
}

/** What a piece of work takes of the processor in all, and in the longest turn of the event loop; ms. */
export async function turnsOf(work: () => Promise<unknown>) {
  let longest = 0;
  let isOver = false;
  const begun = process.cpuUsage();
  let before = begun;
  const look = () => {
    const { user, system } = process.cpuUsage(before);
    longest = Math.max(longest, (user + system) / 1000);
    before = process.cpuUsage();
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  look();
  const { user, system } = process.cpuUsage(begun);
  return { longest, total: (user + system) / 1000 };
}
