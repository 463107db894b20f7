// A process that records 50 frames a second in files of 2 s, of which it keeps three. Its arguments: the file, seconds.
// It prints each frame that was captured, before anything else knows of it.
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { now } from "../../src/base/clock.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { withComment } from "../streams/pictures.ts";

const [path = "", seconds] = process.argv.slice(2);
const jpeg = await jpegOf(160, 120);
const stream = new MJPEGStream();
stream.onFrame(({ run, index, capturedAt, jpeg: bytes }) => {
  console.log(JSON.stringify({ run, index, capturedAt, crc: crc32(bytes) }));
});
const recording = await startRecording({ camera: stream, path, splitSec: 2, maxFiles: 3 });
const end = now() + Number(seconds) * 1000;
for (let n = 0; now() < end; n++) {
  stream.addFrame(withComment(jpeg, `frame ${n}`));
  await sleep(20);
}
await recording.stop();
