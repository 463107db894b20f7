import assert from "node:assert/strict";
import { test } from "node:test";
import { RECORDER_STATE, VideoRecorder } from "thingscope/pythiags";
import { TEST_MS } from "../../limits.ts";
import { SteppedCamera } from "../../recording/event-films.ts";
import { newPath } from "../../recording/recordings.ts";
import { picture } from "../../streams/pictures.ts";

test("pythiags' recorder says in its numbers what it is doing, and takes its timeoutSec", {
  timeout: TEST_MS,
}, async () => {
  const camera = new SteppedCamera((index) => picture(index));
  const path = await newPath();
  await using recorder = new VideoRecorder({
    camera: camera.stream,
    clock: camera.clock,
    filenameGenerator: () => path,
    timeoutSec: 1,
    windowSizeSec: 0.5,
  });
  assert.equal(recorder.state, RECORDER_STATE.DETACHED);
  camera.playTo(1);
  assert.equal(recorder.state, RECORDER_STATE.BUFFERING);
  const opening = recorder.record({ maxDelaySec: 10 });
  assert.equal(recorder.state, RECORDER_STATE.STARTING);
  await opening;
  assert.equal(recorder.state, RECORDER_STATE.RECORDING);
  camera.playTo(2.2);
  assert.equal(recorder.state, RECORDER_STATE.FINISHING);
});
