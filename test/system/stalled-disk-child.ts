// A process that encodes pictures and saves settings while four files on a stalled disk are written to: bare files, or
// recordings. Its arguments: "bare" or "recordings", the folder of the files, the file whose existence stalls the disk.
import { rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { silentLog } from "../../src/base/log.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { encodeJpeg } from "../../src/frames/codec/codec.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { picture } from "../streams/pictures.ts";

const [kind = "", folder = "", stall = ""] = process.argv.slice(2);
const FILES = [0, 1, 2, 3];
const SECONDS = 2;

/** How many pictures are encoded, and settings saved, in a while. */
async function work(): Promise<{ encodes: number; saves: number }> {
  const done = { encodes: 0, saves: 0 };
  const image = {
    data: new Uint8Array(320 * 240 * 3),
    width: 320,
    height: 240,
    channels: 3,
  } as const;
  const settings = new SettingsFile(join(dirname(stall), "settings.json"), silentLog);
  const until = now() + SECONDS * 1000;
  const encode = async () => {
    for (; now() < until; done.encodes++) await encodeJpeg(image, { quality: 80 });
  };
  const save = async () => {
    for (; now() < until; done.saves++) await settings.save({ n: done.saves });
  };
  await Promise.race([Promise.all([encode(), save()]), sleep(SECONDS * 1000 + 500)]);
  return { ...done };
}

async function recordAll() {
  const paths = FILES.map((n) => join(folder, `${n}.mkv`));
  const writers = paths.map((path) => new RecordingWriter({ path, maxQueuedBytes: 1_000_000 }));
  await Promise.all(writers.map(({ opened }) => opened));
  let index = 0;
  const feeding = setInterval(() => {
    const identity = { run: "k3x9q2", index, capturedAt: now() };
    const frame = storeFrame(picture(index++, 50_000), identity).frame;
    for (const writer of writers) writer.add(frame);
  }, 33);
  const before = await work();
  writeFileSync(stall, "");
  const during = await work();
  rmSync(stall);
  const after = await work();
  clearInterval(feeding);
  const summaries = await Promise.all(writers.map((writer) => writer.close()));
  return { before, during, after, index, summaries };
}

async function writeBare() {
  const files = await Promise.all(FILES.map((n) => open(join(folder, `${n}.bin`), "w")));
  const before = await work();
  writeFileSync(stall, "");
  const writes = files.map((file) => file.write(Buffer.alloc(1000)));
  const during = await work();
  rmSync(stall);
  await Promise.all(writes);
  return { before, during };
}

console.log(JSON.stringify(await (kind === "bare" ? writeBare() : recordAll())));
