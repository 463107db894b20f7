// pythiags' sample of a video recorder. Run it with: npx tsx examples/pythiags/single-recorder.ts [FOLDER] [PACE]
// PACE is how long a second of it lasts, in seconds: 1.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { delay, Pipeline, VideoRecorder } from "thingscope";
import { showFilms } from "./show-films.ts";

const [folder = "films", pace = "1"] = process.argv.slice(2);
const sleep = (seconds: number) => delay(seconds * Number(pace) * 1000);

const app = await Pipeline.run(
  `
  videotestsrc
  ! video/x-raw,framerate=30/1
  ! tee
    name=t1
  t1.
  ! fakesink
  `,
  { background: true },
);
const films = new Set<string>();
const recorder = new VideoRecorder({
  pipeline: app.pipeline,
  srcTeeName: "t1",
  filenameGenerator: () => join(folder, `${randomUUID()}.mkv`),
  windowSizeSec: 2 * Number(pace),
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
