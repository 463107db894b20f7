// Records on a disk that begins to fail while frames wait for it, and fails on for a while after the recording has ended. Its
// arguments: the folder, the file that makes the disk fail, and for how long, ms. It prints as lines of JSON what it was told of
// the recording when it ended, what the folder's list said then, and what that says once the file is closed.
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MJPEGStream } from "thingscope";
import { RecordingsFolder, startRecording } from "thingscope/recording";
import { picture } from "../streams/pictures.ts";

const EIO = "5";
const [folder = "", error = "", failsForMs] = process.argv.slice(2);
const recordings = new RecordingsFolder(folder);
await recordings.open();
const stream = new MJPEGStream();
const path = join(folder, "film.mkv");
const recording = await startRecording({ camera: stream, path, reserveBytes: 0 });
let [given, isFailing] = [0, false];
for (let n = 0; recording.endReason === undefined; n++) {
  if (n >= 40 && !isFailing && recording.queuedBytes < given) {
    isFailing = true; // some are written
    await writeFile(error, EIO);
    setTimeout(() => void rm(error), Number(failsForMs));
  }
  const jpeg = picture(n, 20_000);
  given += jpeg.length;
  stream.addFrame(jpeg);
  await sleep(10);
}
const summary = await recording.ended;
console.log(JSON.stringify(summary));
const listed = async () => JSON.stringify(await recordings.refreshed(path));
console.log(await listed());
while (JSON.parse(await listed()).growing) await sleep(50);
console.log(await listed());
await recordings.close();
