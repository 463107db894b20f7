// pythiags' sample of a ring buffer of one's own: the recorded film is decoded by a GPU, so that its pictures lie in the
// GPU's memory and have to be fetched. In pythiags a RingBuffer with other elements does that; here they are `convert`.
// Run it with: npx tsx examples/pythiags/custom-ringbuffer.ts FILM [FOLDER] [PACE] [ELEMENTS]
//
// With DeepStream, ELEMENTS are: nvvideoconvert ! video/x-raw,format=I420
// PACE is how long a second of it lasts, in seconds: 1. The film has to last for 14 of them.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { delay, type Frame, Pipeline, PreRollRing, VideoRecorder } from "thingscope";
import { showFilms } from "./show-films.ts";

const [
  film = "",
  folder = "films",
  pace = "1",
  convert = "videoconvert ! video/x-raw,format=I420",
] = process.argv.slice(2);
const sleep = (seconds: number) => delay(seconds * Number(pace) * 1000);

/** A ring buffer that says how much it has seen. */
class CountingRing extends PreRollRing {
  static frames = 0;

  override push(frame: Frame): void {
    CountingRing.frames += 1;
    super.push(frame);
  }
}

const app = await Pipeline.run({
  pipeline: `
  filesrc
    location={film}
  ! decodebin
  ! tee
    name=t1

  t1.
  ! queue
  ! nveglglessink
  `,
  parameters: { film },
  convert, // between the tee and jpegenc
});
const films = new Set<string>();
const recorder = new VideoRecorder({
  pipeline: app.pipeline,
  srcTeeName: "t1",
  filenameGenerator: () => join(folder, `${randomUUID()}.mkv`),
  windowSizeSec: 2 * Number(pace),
  ringBufferClass: CountingRing,
});

await sleep(3);
films.add(await recorder.record({ maxDelaySec: 1 })); // so it begins at 3 - 2 = 1
await sleep(1);
films.add(await recorder.record({ maxDelaySec: 1 })); // the same film, one second longer
await sleep(2 + 2 + 1); // until no window touches it any more
films.add(await recorder.record({ maxDelaySec: 1 }));

while (recorder.busy) await delay(100);
await recorder.stop();
await app.stop();
await showFilms(films); // 5 s from second 1, and 4 s from second 7
console.log(`${CountingRing.frames} frames went through the ring buffer.`);
