// A recorder that keeps what was before a trigger, too. Triggers whose windows touch share a recording.
// Run it with: npx tsx examples/pythiags/about-triggers.ts [FOLDER] [SECOND]
// SECOND is how long one of its seconds lasts: 1. It takes 11 of them.
import { join } from "node:path";
import { delay } from "thingscope";
import { Pipeline } from "thingscope/frames";
import { VideoRecorder } from "thingscope/recording";
import { StreamSeconds, tellRecordings } from "./stream-seconds.ts";

const [folder = "recordings", second = "1"] = process.argv.slice(2);
const seconds = new StreamSeconds(Number(second));
const window = 1.5; // s before a trigger, and as many after it

const app = await Pipeline.run("videotestsrc ! video/x-raw,framerate=25/1 ! tee name=scene", {
  onCameras: (cameras) => seconds.follow(cameras.get("scene")!),
});
let begun = 0;
const recorder = new VideoRecorder({
  camera: app.cameras.get("scene")!,
  filenameGenerator: () => join(folder, `event-${++begun}.mkv`),
  windowSizeSec: window * Number(second),
});
const recordings = new Set<string>();
for (const when of [2, 3, 8]) {
  const path = await seconds.trigger(when, () => recorder.record({ maxDelaySec: 1 }));
  recordings.add(path); // the second trigger comes while the first recording is open, and prolongs it
}
while (recorder.busy) await delay(50);
await recorder.stop();
await app.stop();
await tellRecordings(recordings); // 0.5 to 4.5, and 6.5 to 9.5
