// D1, in process: the CPU time of a frame, without and with a probe that finds something in each. Prints one line of JSON.
//   node probe-cost.js limit|ours FRAMES
import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { FrameProbe } from "../../src/adapters/pythiags/index.ts";
import { MJPEGStream } from "../../src/index.ts";
import { frameFile } from "../frames.ts";

const [kind = "ours", count = "10000"] = process.argv.slice(2);
const frames = Number(count);
const jpeg = readFileSync(await frameFile(20_000));
const stream = new MJPEGStream();
let consumed = 0;
const probe =
  kind === "ours"
    ? new FrameProbe({
        camera: stream,
        producer: ({ index, jpeg: { length } }) => [{ index, length }],
        consumer: (events) => {
          consumed += events.length;
        },
      })
    : undefined;

for (let n = 0; n < frames; n++) await turn(); // warm
const before = process.cpuUsage();
consumed = 0;
for (let n = 0; n < frames; n++) await turn();
const { user, system } = process.cpuUsage(before);
await probe?.stop();
const lost = probe ? frames - consumed : 0;
console.log(JSON.stringify({ cpu_us_per_request: (user + system) / frames, events_lost: lost }));

async function turn(): Promise<void> {
  stream.addFrame(jpeg);
  await nextTurn();
}
