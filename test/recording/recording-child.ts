// A process that records at 100 frames a second, to be killed or limited by a test. Its arguments: the file, the bytes
// of a frame, after how many frames it stops, and how far apart they are captured if not as they come, ms. It prints the capture time of each frame and
// how long it has waited for a processor until then, ms, and at the end the summary.
import { setTimeout as sleep } from "node:timers/promises";
import { now } from "../../src/base/clock.ts";
import { storeFrame } from "../../src/frames/frame-memory.ts";
import { RecordingWriter } from "../../src/recording/write/recording-writer.ts";
import { waitedMs } from "../elapsed.ts";
import { picture } from "../streams/pictures.ts";

const [path = "", bytes, count, apartMs] = process.argv.slice(2);
const writer = new RecordingWriter({ path });
await writer.opened;
const start = now();
for (let index = 0; index < Number(count); index++) {
  const capturedAt = apartMs ? start + index * Number(apartMs) : now();
  writer.add(storeFrame(picture(index, Number(bytes)), { run: "k3x9q2", index, capturedAt }).frame);
  console.log(`${capturedAt} ${waitedMs()}`);
  await sleep(10);
}
console.log(JSON.stringify(await writer.close()));
