import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pipelineCommand } from "../../src/sources/pipeline-command.ts";

test("a pipeline file with a parameter becomes a gst-launch-1.0 command with a tap", async () => {
  const file = join(await mkdtemp(join(tmpdir(), "pipeline-")), "pipeline.gstp");
  await writeFile(file, "videotestsrc\n  pattern={pattern}\n! nveglglessink\n");
  const command = await pipelineCommand({ file, parameters: { pattern: "snow" } });
  assert.equal(command.program, "gst-launch-1.0");
  assert.deepEqual(command.args.slice(0, 4), ["-q", "videotestsrc", "pattern=snow", "!"]);
  assert.ok(!command.elements.includes("nveglglessink"));
  assert.deepEqual(command.outputs, [{ camera: "camera", fd: 3, framing: "gdp" }]);
});

test("a file that cannot be read is named", async () => {
  await assert.rejects(
    pipelineCommand({ file: "/no/such.gstp" }),
    /'\/no\/such.gstp' cannot be read/,
  );
});

test("text and file together, and neither, are refused", async () => {
  await assert.rejects(pipelineCommand({}), /either as text or as a file/);
  await assert.rejects(
    pipelineCommand({ file: "x", pipeline: "y" }),
    /either as text or as a file/,
  );
});

test("gst-launch-1.0 and its options may stand before the text", async () => {
  const command = await pipelineCommand({
    pipeline: "gst-launch-1.0 -e -q videotestsrc ! autovideosink",
  });
  assert.deepEqual(command.args.slice(0, 3), ["-e", "-q", "videotestsrc"]);
});

for (const [pipeline, parameters] of [
  ["{source} ! autovideosink", { source: "videotestsrc" }],
  ["videotestsrc ! {sink} ! autovideosink", { sink: "fakesink" }],
  ["videotestsrc {property} ! autovideosink", { property: "pattern=1" }],
  ["videotestsrc ! video/x-raw,width={w}", { w: "1:fakesink" }],
  ["tee name=t {t} ! autovideosink", { t: "t." }],
] as const) {
  test(`a value cannot be an element: ${pipeline}`, async () => {
    await assert.rejects(pipelineCommand({ pipeline, parameters }), {
      code: "BAD_ARGUMENT",
      message: /changes the pipeline's elements/,
    });
  });
}

test("caps, and parts of values and caps, may be parameters", async () => {
  const { args } = await pipelineCommand({
    pipeline:
      "rtspsrc location=rtsp://{host}:{port}/a ! {caps} ! x ! video/x-raw,width={w},framerate={fps} ! autovideosink",
    parameters: {
      host: "10.0.0.1",
      port: 8554,
      caps: "video/x-raw,format=I420",
      w: 640,
      fps: "30/1",
    },
  });
  assert.equal(
    args.slice(1, 8).join(" "),
    "rtspsrc location=rtsp://10.0.0.1:8554/a ! video/x-raw,format=I420 ! x !",
  );
});

test("ffmpeg is told to say only what is wrong, and its framing is seen", async () => {
  const command = await pipelineCommand({ pipeline: "ffmpeg -f lavfi -i testsrc -f mpjpeg -" });
  assert.deepEqual(command.outputs, [{ camera: "camera", fd: 1, framing: "multipart" }]);
  assert.deepEqual(command.args.slice(0, 5), [
    "-nostdin",
    "-hide_banner",
    "-nostats",
    "-loglevel",
    "error",
  ]);
  const raw = await pipelineCommand({ pipeline: ["ffmpeg", "-i", "x", "-f", "mjpeg", "pipe:3"] });
  assert.deepEqual(raw.outputs, [{ camera: "camera", fd: 3, framing: "jpeg" }]);
});

test("ffmpeg without an output is given one, and with another output is refused", async () => {
  const { args } = await pipelineCommand({ pipeline: "ffmpeg -f lavfi -i testsrc" });
  assert.deepEqual(args.slice(-3), ["-f", "mpjpeg", "pipe:1"]);
  await assert.rejects(pipelineCommand({ pipeline: "ffmpeg -i a b.mp4" }), { code: "BAD_CONFIG" });
});

test("ffmpeg reads a file at the file's own speed", async () => {
  const file = new URL(import.meta.url).pathname;
  const { args } = await pipelineCommand({ pipeline: `ffmpeg -i ${file}` });
  assert.deepEqual(args.slice(5, 8), ["-re", "-i", file]);
});

test("a value cannot be an option or a filter of ffmpeg", async () => {
  const refused = (pipeline: string, x: string) =>
    assert.rejects(pipelineCommand({ pipeline, parameters: { x } }), { code: "BAD_ARGUMENT" });
  await refused("ffmpeg -i {x} -f mjpeg -", "-y");
  await refused("ffmpeg -i a -{x} b -f mjpeg -", "y");
  await refused("ffmpeg -i a -vf scale={x}:-1 -f mjpeg -", "640,movie=/etc/passwd");
});

test("any other program gives pictures on the descriptor and in the framing that were said", async () => {
  const command = await pipelineCommand({
    pipeline: "/opt/camera --fast",
    framing: "multipart",
    fd: 4,
  });
  assert.equal(command.program, "/opt/camera");
  assert.deepEqual(command.outputs, [{ camera: "camera", fd: 4, framing: "multipart" }]);
});
