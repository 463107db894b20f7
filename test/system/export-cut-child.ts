// A process that makes an MP4 and a WebM of recordings, which they replace, records to an MP4 in files of 1 s, and keeps a still.
// Its argument: the folder.
import { join } from "node:path";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { exportRecording } from "../../src/recording/export/export.ts";
import { RecordingsFolder } from "../../src/recording/folder/recordings-folder.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { SteppedCamera } from "../recording/event-films.ts";

const [folder = ""] = process.argv.slice(2);
const jpeg = await jpegOf(96, 64);

for (const format of ["mp4", "webm"] as const) {
  const writer = new RecordingWriter({ path: join(folder, `to-${format}.mkv`) });
  const path = await writer.opened;
  for (let index = 0; index < 30; index++) {
    const capturedAt = 1_795_251_600_000 + index * 33.4;
    writer.add(storeFrame(jpeg, { run: "k3x9q2", index, capturedAt }).frame);
  }
  await writer.close();
  await exportRecording(path, { format, replace: true, resumable: true });
}

const camera = new SteppedCamera(() => jpeg);
const path = join(folder, "split.mp4");
const recording = await startRecording({ camera: camera.stream, path, splitSec: 1 });
camera.playTo(0.8);
camera.playTo(1.5);
await recording.stop();
await new RecordingsFolder(folder).write("still.jpg", jpeg);
