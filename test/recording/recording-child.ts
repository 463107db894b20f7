// A process that records at 100 frames a second, to be killed or limited by a test. Its arguments: the file, the bytes
// of a frame, and after how many frames it stops. It prints the capture time of each frame, and at the end the summary.
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { RecordingWriter } from "../../src/recording/recording-writer.ts";
import { picture } from "../outputs/pictures.ts";

const [path = "", bytes, count] = process.argv.slice(2);
const writer = new RecordingWriter({ path });
await writer.opened;
for (let index = 0; index < Number(count); index++) {
  const capturedAt = now();
  writer.add(storeFrame(picture(index, Number(bytes)), { run: "k3x9q2", index, capturedAt }).frame);
  console.log(capturedAt);
  await sleep(10);
}
console.log(JSON.stringify(await writer.close()));
