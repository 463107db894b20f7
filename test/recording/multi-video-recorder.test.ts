import assert from "node:assert/strict";
import { test } from "node:test";
import { MultiVideoRecorder } from "../../src/recording/write/multi-video-recorder.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../streams/watching.ts";
import { newPath } from "./recordings.ts";

const timeout = TEST_MS;

test("when a recorder of one camera cannot be made, no other camera is held", {
  timeout,
}, async () => {
  const path = await newPath();
  const left = new MJPEGStream();
  const broken = {
    name: "right",
    mjpeg_stream: left,
    get pipeline(): never {
      throw new Error("its pipeline is gone");
    },
  };
  const make = () =>
    new MultiVideoRecorder({ cameras: { left, right: broken }, filenameGenerator: () => path });
  assert.throws(make, /its pipeline is gone/);
  await eventually(() => left.demand.count === 0);
});
