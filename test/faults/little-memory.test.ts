import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { test } from "node:test";
import { verifyRecording } from "thingscope/recording";
import { ThingClient } from "../../src/client/index.ts";
import { folderWith, install, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";

const HEAP_MB = 48;
const BUDGET_MB = 250; // the heap, the ring, 200 sockets, and what Node itself takes
const VIEWERS = 200;

test("F32: with a heap of 48 MB, two hundred viewers that do not read and sixteen sizes, the server stays within its budget and the recording is whole", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "lab.yaml": [
      "things:",
      "  camera: {class: thingscope/testing:FaultyCamera, kwargs: {width: 640, height: 480}}",
      "  recorder: {class: thingscope/things:Recorder, kwargs: {folder: films, reserve_mb: 1}}",
    ].join("\n"),
  });
  await install(folder);
  const before = process.env.NODE_OPTIONS;
  process.env.NODE_OPTIONS = `--max-old-space-size=${HEAP_MB}`;
  const { url, child, stop } = await serveCli(t, folder, "lab.yaml").finally(() => {
    if (before === undefined) delete process.env.NODE_OPTIONS;
    else process.env.NODE_OPTIONS = before;
  });
  const port = Number(new URL(url).port);
  const recorder = await ThingClient.connect(`${url}/recorder/`);
  await recorder.invoke("start_recording", { name: "film" });
  const sockets = Array.from({ length: VIEWERS }, (_, n) => {
    const socket = connect(port, "127.0.0.1")
      .on("error", () => {})
      .pause();
    const query = n < 16 ? `?width=${100 + n}` : "";
    socket.write(`GET /camera/mjpeg_stream${query} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  let most = 0;
  const added = async () => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(
      /^thingscope_stream_frames_total\{.*"camera".*"mjpeg_stream".*\} (\d+)/m.exec(text)?.[1],
    );
  };
  const from = await added();
  while ((await added()) < from + 90) most = Math.max(most, residentMb(child.pid!));
  const summary = Object(await recorder.invoke("stop_recording"));
  t.diagnostic(
    `${VIEWERS} viewers: ${most.toFixed(0)} MB resident at most, of ${BUDGET_MB}; ${summary.written} of ${summary.captured} frames recorded`,
  );
  assert.ok(most < BUDGET_MB, `${most} MB`);
  assert.equal(summary.captured, summary.written + summary.dropped);
  const { ok, sentence } = await verifyRecording(`${folder}/films/film.mkv`);
  assert.ok(ok, sentence);
  await eventually(() => child.exitCode === null);
  assert.equal(await stop(), 0);
});

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
