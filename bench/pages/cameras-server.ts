// A server of its own process with cameras that show coded frames, thirty times a second: what they cost is copying.
// node cameras-server.js COUNT WIDTH HEIGHT
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThingHost } from "../../src/core/thing-host.ts";
import { ThingServer } from "../../src/server/thing-server.ts";
import { BenchCamera } from "./bench-camera.ts";
import { CODES, codedFrames } from "./coded-frames.ts";

const [count = 1, width = 640, height = 480] = process.argv.slice(2).map(Number);
const frames = await codedFrames(width, height);
const host = new ThingHost({ settingsFolder: mkdtempSync(join(tmpdir(), "thingscope-bench-")) });
const cameras = Array.from({ length: count }, () => new BenchCamera());
for (const [n, camera] of cameras.entries()) host.add(`camera_${n}`, camera);
const { url } = await new ThingServer(host).listen({ port: 0 });
let n = 0;
setInterval(() => {
  const frame = frames[++n % CODES]!;
  for (const { live } of cameras) live.addFrame(frame);
}, 1000 / 30);
console.log(url);
