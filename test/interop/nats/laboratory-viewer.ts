// Watches a stream as long as its server runs, again and again: URL. What came is told as JSON at SIGTERM.
import { setTimeout as pause } from "node:timers/promises";
import { MJPEGReader } from "thingscope/client";

/** What a viewer had of all runs: frames, those between them that it did not get, and the longest time between two, ms. */
export interface Watched {
  readonly frames: number;
  readonly skipped: number;
  readonly runs: number;
  readonly longestMs: number;
}

const watched = { frames: 0, skipped: 0, runs: 0, longestMs: 0 };
const [, , url = ""] = process.argv;
process.on("SIGTERM", () => {
  console.log(JSON.stringify(watched));
  process.exit(0);
});
console.log("WATCHES");
let last: { readonly run: string; readonly index: number; readonly at: number } | undefined;
for (;;) {
  try {
    for await (const { run, index } of new MJPEGReader(url, { every: true })) {
      const at = performance.now();
      watched.frames += 1;
      if (last?.run === run) {
        watched.skipped += Math.max(0, index - last.index - 1);
        watched.longestMs = Math.max(watched.longestMs, Math.round(at - last.at));
      } else watched.runs += 1;
      last = { run, index, at };
    }
  } catch {
    // Its server was killed, and comes again.
  }
  await pause(100);
}
