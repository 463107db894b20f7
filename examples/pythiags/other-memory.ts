// A video is played, and what happens in it is recorded. Where a GPU decodes it, its pictures lie in the GPU's memory, and
// elements have to bring them out of it: `convert` has them. And a ring buffer of one's own, which counts what it is given.
// Run it with: npx tsx examples/pythiags/other-memory.ts VIDEO [FOLDER] [SECOND] [ELEMENTS]
//
// With DeepStream ELEMENTS are: nvvideoconvert ! video/x-raw,format=I420
// SECOND is how long one of its seconds lasts: 1. The video has to last for 5 of them.
import { join } from "node:path";
import { delay, type Frame } from "thingscope";
import { Pipeline } from "thingscope/frames";
import { PreRollRing, VideoRecorder } from "thingscope/recording";
import { StreamSeconds, tellRecordings } from "./stream-seconds.ts";

const [video = "", folder = "recordings", second = "1", convert = "videoconvert"] =
  process.argv.slice(2);
const seconds = new StreamSeconds(Number(second));

class CountingRing extends PreRollRing {
  static frames = 0;

  override push(frame: Frame): void {
    CountingRing.frames += 1;
    super.push(frame);
  }
}

const app = await Pipeline.run(
  {
    pipeline: "filesrc location={video} ! decodebin ! tee name=played played. ! queue ! fakesink",
    parameters: { video },
    convert, // between the tee and the JPEG encoder
  },
  { onCameras: (cameras) => seconds.follow(cameras.get("played")!) },
);
const recorder = new VideoRecorder({
  camera: app.cameras.get("played")!,
  filenameGenerator: () => join(folder, "event.mkv"),
  windowSizeSec: 1.5 * Number(second),
  ringBufferClass: CountingRing,
});
const path = await seconds.trigger(2, () => recorder.record({ maxDelaySec: 1 }));
while (recorder.busy) await delay(50);
await recorder.stop();
await app.stop();
await tellRecordings([path]); // 0.5 to 3.5
console.log(`${CountingRing.frames} frames went through the ring buffer.`);
