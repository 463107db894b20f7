import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { JpegSplitter } from "../../src/frames/jpeg/jpeg-splitter.ts";
import { GdpParser } from "../../src/frames/wire/gdp.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { TEST_MS } from "../limits.ts";

const CAMERA =
  "videotestsrc num-buffers=6 ! video/x-raw,width=320,height=240,framerate=25/1 ! jpegenc";
const TEST_CARD = "-v error -f lavfi -i testsrc=size=320x240:rate=25 -frames:v 6 -c:v mjpeg";

/** What a program writes to its standard output, in the chunks in which it comes. */
async function* outputOf(program: string, line: string): AsyncGenerator<Uint8Array> {
  const child = spawn(program, line.split(" "), { stdio: ["ignore", "pipe", "inherit"] });
  const failed = new Promise<never>((_, reject) => {
    child.on("error", (cause) => {
      reject(new Error(`This test needs ${program}. Install it with scripts/setup.`, { cause }));
    });
  });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  try {
    await Promise.race([failed, new Promise((resolve) => child.once("spawn", resolve))]);
    yield* child.stdout;
    assert.equal(await ended, 0, `${program} ${line}`);
  } finally {
    child.kill("SIGKILL");
  }
}

async function collect<T>(
  output: AsyncIterable<Uint8Array>,
  parser: { push(chunk: Uint8Array): T[] },
): Promise<T[]> {
  const all: T[] = [];
  for await (const chunk of output) all.push(...parser.push(chunk));
  return all;
}

function assertPictures(jpegs: readonly Uint8Array[]): void {
  assert.equal(jpegs.length, 6);
  for (const jpeg of jpegs) {
    const { width, height, length } = inspectJpeg(jpeg);
    assert.deepEqual([width, height, length], [320, 240, jpeg.length]);
  }
}

describe("real programs' output is taken apart", { timeout: TEST_MS }, () => {
  test("GStreamer's gdppay, with the time of each buffer", async () => {
    const output = outputOf("gst-launch-1.0", `-q ${CAMERA} ! gdppay ! fdsink fd=1`);
    const buffers = await collect(output, new GdpParser());
    assertPictures(buffers.map(({ payload }) => payload));
    assert.deepEqual(
      buffers.map(({ ptsNs }) => ptsNs),
      [0n, 40_000_000n, 80_000_000n, 120_000_000n, 160_000_000n, 200_000_000n],
    );
  });

  test("GStreamer's multipartmux", async () => {
    const line = `-q ${CAMERA} ! multipartmux boundary=frame ! fdsink fd=1`;
    const output = outputOf("gst-launch-1.0", line);
    const parts = await collect(output, new MultipartParser({ boundary: "frame" }));
    assertPictures(parts.map(({ body }) => body));
    assert.equal(parts[0]!.headers.get("content-type"), "image/jpeg");
  });

  test("ffmpeg's mpjpeg, whatever its boundary is called", async () => {
    const parser = new MultipartParser();
    const parts = await collect(outputOf("ffmpeg", `${TEST_CARD} -f mpjpeg -`), parser);
    assertPictures(parts.map(({ body }) => body));
  });

  test("bare JPEGs of ffmpeg and of GStreamer", async () => {
    assertPictures(
      await collect(outputOf("ffmpeg", `${TEST_CARD} -f mjpeg -`), new JpegSplitter()),
    );
    const output = outputOf("gst-launch-1.0", `-q ${CAMERA} ! fdsink fd=1`);
    assertPictures(await collect(output, new JpegSplitter()));
  });
});
