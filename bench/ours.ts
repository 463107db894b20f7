// The server under test: `node ours.js FRAME.jpg FPS` serves one camera and prints the stream's address.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { logTo } from "../src/base/log.ts";
import { limitUnsent } from "../src/base/native.ts";
import { MJPEGStream } from "../src/outputs/mjpeg-stream.ts";
import { stamp } from "./frames.ts";

const [path = "", fps = "30"] = process.argv.slice(2);
const stream = new MJPEGStream();
const jpeg = readFileSync(path);
let sequence = 0;

function addFrame(): void {
  stamp(jpeg, ++sequence);
  stream.addFrame(jpeg);
}

/** One frame each `periodMs`, without drift. */
function pace(periodMs: number): void {
  let due = performance.now();
  const turn = () => {
    addFrame();
    due += periodMs;
    setTimeout(turn, Math.max(0, due - performance.now()));
  };
  turn();
}

/** A frame whenever a viewer has taken the last. */
function saturate(): void {
  if (stream.viewers.hasReadyViewer) addFrame();
  setImmediate(saturate);
}

const server = createServer((request, response) => stream.mjpegStreamResponse(request, response));
server.listen(0, "127.0.0.1", () => {
  limitUnsent(
    server,
    logTo((_level, message) => console.error(message)),
  );
  const address = server.address();
  if (typeof address !== "object" || !address) return;
  console.log(`http://127.0.0.1:${address.port}/bench/live`);
  if (Number(fps) > 0) pace(1000 / Number(fps));
  else saturate();
});
