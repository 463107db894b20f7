// A process that does in a folder what a server with a Recorder does, and prints what came of it. Its argument: the folder.
import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { messageOf } from "../../src/base/errors.ts";
import { silentLog } from "../../src/base/log.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { FolderLock } from "../../src/core/folder-lock.ts";
import { SettingsFile } from "../../src/core/settings-file.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { verifyRecording } from "../../src/recording/read/verify.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { jpegOf } from "../frames/jpegs.ts";

const [folder = ""] = process.argv.slice(2);
const jpeg = await jpegOf(64, 48);

async function record(name: string) {
  const writer = new RecordingWriter({ path: join(folder, name) });
  const path = await writer.opened;
  for (let index = 0; index < 3; index++) {
    writer.add(storeFrame(jpeg, { run: "k3x9q2", index, capturedAt: 1e12 + 40 * index }).frame);
  }
  return { path, summary: await writer.close() };
}

const recordings = new RecordingsFolder(folder);
await recordings.open();
const films = [];
for (const name of ["film.mkv", "Film.mkv"]) {
  films.push(await record(name));
}
const verdicts = await Promise.all(films.map(({ path }) => verifyRecording(path)));
const stills = [
  await recordings.write("still.jpg", jpeg),
  await recordings.write("STILL.jpg", jpeg),
];
const settings = new SettingsFile(join(folder, "settings.json"), silentLog);
for (const n of [1, 2]) await settings.save({ n });
const refused = await record("12:30.mkv").catch(messageOf);
const script = `
  import { FolderLock } from ${JSON.stringify(packagePath("dist/src/core/folder-lock.js"))};
  await new FolderLock(${JSON.stringify(folder)}).take().catch(({ code }) => console.log(code));`;
const second = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
  encoding: "utf8",
});
await recordings.close();
const lock = new FolderLock(folder);
await lock.take();
await lock.release();
console.log(
  JSON.stringify({
    recorded: films.map(({ path }) => basename(path)),
    written: films.map(({ summary }) => summary.written),
    verified: verdicts.map(({ ok }) => ok),
    stills: stills.map((path) => basename(path)),
    settings: await settings.load(),
    second: second.stdout.trim(),
    refused,
    drafts: (await readdir(folder)).filter((name) => /part$|lock/.test(name)),
  }),
);
