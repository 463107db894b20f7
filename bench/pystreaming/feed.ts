// A Streamer that always has a frame: `node feed.js FRAME` prints its endpoint, and is stopped by SIGTERM.
import { readFileSync } from "node:fs";
import { setImmediate as othersTurn } from "node:timers/promises";
import { Streamer } from "../../src/adapters/pystreaming/streamer.ts";

/** Fewer than a track holds, so that none is overwritten. */
const FRAMES_AHEAD = 8;

const frame = readFileSync(process.argv[2] ?? "");
const streamer = new Streamer("tcp://127.0.0.1:*", { mapreduce: true });
await streamer.start();
console.log(streamer.endpoint);
let running = true;
process.once("SIGTERM", () => {
  running = false;
});
for (let given = 0; running; await othersTurn()) {
  while (given - streamer.counts.sent < FRAMES_AHEAD) {
    await streamer.send(frame);
    given++;
  }
}
await streamer.stop();
