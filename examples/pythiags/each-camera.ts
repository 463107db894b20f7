// One pipeline with two cameras, and a recorder for each: a trigger says which camera it is about.
// Run it with: npx tsx examples/pythiags/each-camera.ts [FOLDER] [SECOND]
// SECOND is how long one of its seconds lasts: 1. It takes 7 of them.
import { join } from "node:path";
import { delay } from "thingscope";
import { Pipeline } from "thingscope/frames";
import { MultiVideoRecorder } from "thingscope/recording";
import { StreamSeconds, tellRecordings } from "./stream-seconds.ts";

const [folder = "recordings", second = "1"] = process.argv.slice(2);
const seconds = {
  left: new StreamSeconds(Number(second)),
  right: new StreamSeconds(Number(second)),
};

const app = await Pipeline.run(
  `videotestsrc pattern=smpte ! video/x-raw,framerate=25/1 ! tee name=left
   videotestsrc pattern=circular ! video/x-raw,framerate=25/1 ! tee name=right`,
  {
    onCameras: (cameras) => {
      seconds.left.follow(cameras.get("left")!);
      seconds.right.follow(cameras.get("right")!);
    },
  },
);
let begun = 0;
const recorders = new MultiVideoRecorder({
  cameras: Object.fromEntries(app.cameras),
  filenameGenerator: (camera) => join(folder, `${camera}-${++begun}.mkv`),
  windowSizeSec: 1.5 * Number(second),
});
const triggers = [
  ["right", 2],
  ["left", 2.5],
  ["right", 4],
] as const;
const recordings = new Set<string>();
for (const [camera, when] of triggers) {
  const record = () => recorders.record(camera, { maxDelaySec: 1 });
  recordings.add(await seconds[camera].trigger(when, record));
}
while (recorders.busy) await delay(50);
await recorders.stop();
await app.stop();
await tellRecordings(recordings); // right: 0.5 to 5.5, left: 1 to 4
