// A camera on ThorVision's wire: `node ours.js FRAME FPS PORT` sends it by SRT on the port, and prints its address and the
// process that speaks SRT when the code has run in.
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { ThorVisionServer } from "../../src/adapters/thorvision/index.ts";
import { Camera, type FrameSource, ThingHost } from "../../src/index.ts";
import { stamp } from "../frames.ts";

const RUN_IN_FPS = 400;
const RUN_IN_MS = 1500;

const [frameFile = "", ...rest] = process.argv.slice(2);
const [fps = 0, port = 0] = rest.map(Number);
const frame = readFileSync(frameFile);
let rate = RUN_IN_FPS;

class FilmCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        let due = performance.now();
        for (let n = 0; !signal.aborted; n++) {
          stamp(frame, n);
          yield { jpeg: frame };
          due = Math.max(due, performance.now() - 100) + 1000 / rate;
          await after(Math.max(0, due - performance.now()));
        }
      },
    };
  }
}

const host = new ThingHost({ settingsFolder: mkdtempSync(join(tmpdir(), "thingscope-bench-")) });
host.add("camera", new FilmCamera({ keep_warm: true }));
const server = new ThorVisionServer({ port: 0, max_mb_per_s: 1000 });
host.add("thorvision", server);
await host.open();
await after(RUN_IN_MS);
const address = await server.start_stream({ camera: "camera", port });
await after(RUN_IN_MS);
rate = fps;
console.log(`${address} ${server.pids[0]}`);
process.on("SIGTERM", () => void host.close().then(() => process.exit(0)));
