// pythiags' sample of several video recorders at one pipeline.
// Run it with: npx tsx examples/pythiags/multi-recorder.ts [FOLDER] [PACE]
// PACE is how long a second of it lasts, in seconds: 1.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { delay, MultiVideoRecorder, Pipeline } from "thingscope";
import { showFilms } from "./show-films.ts";

const [folder = "films", pace = "1"] = process.argv.slice(2);
const sleep = (seconds: number) => delay(seconds * Number(pace) * 1000);
const suffixes = ["first", "second"];

const app = await Pipeline.run(
  `
  videotestsrc
  ! video/x-raw,framerate=30/1
  ! tee
    name=tee_0
  tee_0.
  ! fakesink

  videotestsrc
    pattern=ball
  ! video/x-raw,framerate=30/1
  ! tee
    name=tee_1
  tee_1.
  ! fakesink
  `,
  { background: true },
);
const { pipeline } = app;
const recorder = new MultiVideoRecorder({
  cameras: { 0: { pipeline, srcTeeName: "tee_0" }, 1: { pipeline, srcTeeName: "tee_1" } },
  filenameGenerator: (n) => join(folder, `${randomUUID()}_${suffixes[Number(n)]}.mkv`),
  windowSizeSec: 2 * Number(pace),
});
const films = new Set<string>();
const record = async (camera: number) =>
  films.add(await recorder.record(camera, { maxDelaySec: 1 }));

await sleep(3);
await record(0);
await sleep(1);
await record(1);
await sleep(1);
await record(1);

while (recorder.busy) await delay(100);
await recorder.stop();
await app.stop();
await showFilms(films); // 4 s from second 1, and 5 s from second 2
