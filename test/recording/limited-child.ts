// A process that records 60 frames of 20 kB until it is stopped. Its argument: the file. It prints what `startRecording` says of it.
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { startRecording } from "../../src/recording/write/continuous-recording.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { picture } from "../streams/pictures.ts";

const [path = ""] = process.argv.slice(2);
const stream = new MJPEGStream();
let fileClosed = () => {};
const firstFile = new Promise<void>((resolve) => {
  fileClosed = resolve;
});
const onFile = (_: string, summary?: object) => {
  if (summary) fileClosed();
};
const recording = await startRecording({ camera: stream, path, reserveBytes: 1, onFile });
for (let index = 0; index < 60; index++) {
  if (index === 50) await firstFile; // on a busy machine all would be stopped before the disk has refused anything
  stream.addFrame(picture(index, 20_000), { capturedAt: now() });
  await sleep(10);
}
console.log(JSON.stringify(await recording.stop()));
