import assert from "node:assert/strict";
import { test } from "node:test";
import { deviceTrouble } from "../../src/base/device-trouble.ts";
import { explainPipelineEnd } from "../../src/sources/pipeline-failure.ts";

/** What a person is told, by the code of the system. */
const SENTENCES = {
  ENOSPC: /^USB has no bandwidth left for this camera: .*smaller size/,
  EBUSY: /^The camera is busy: another program has it open\. Close that program/,
  EACCES: /^This user may not open the camera\. Add the user to the group 'video'/,
  ENODEV: /^The camera is not there: it was unplugged/,
};

/** As v4l2src and ffmpeg write it. */
const SAID = {
  ENOSPC: ["Failed to allocate required memory.", "Buffer pool activation failed"],
  EBUSY: ["Device '/dev/video0' is busy", "system error: Device or resource busy"],
  EACCES: [
    "Could not open device '/dev/video0' for reading and writing.",
    "system error: Permission denied",
  ],
  ENODEV: ["Cannot identify device '/dev/video0'.", "system error: No such device"],
};

for (const code of ["ENOSPC", "EBUSY", "EACCES", "ENODEV"] as const) {
  test(`a camera that fails with ${code} is told in plain words, whoever says it`, () => {
    const error = Object.assign(new Error("ioctl, VIDIOC_STREAMON"), { code });
    assert.match(deviceTrouble(error) ?? "", SENTENCES[code]);
    assert.match(
      deviceTrouble(error) ?? "",
      new RegExp(`\\(${code} ioctl, VIDIOC_STREAMON\\)\\.$`),
    );
    const [what, detail] = SAID[code];
    const lines = [
      `ERROR: from element /GstPipeline:pipeline0/GstV4l2Src:v4l2src0: ${what}`,
      "Additional debug info:",
      "../sys/v4l2/v4l2_calls.c(608): gst_v4l2_open (): /GstPipeline:pipeline0/GstV4l2Src:v4l2src0:",
      detail!,
    ];
    const gst = explainPipelineEnd("gst-launch-1.0", { code: 1, signal: null }, lines);
    assert.match(gst, SENTENCES[code]);
    assert.match(gst, /v4l2src0 failed/);
  });
}

test("what ffmpeg says of a camera is told in plain words, what it says of a file as it is", () => {
  const exit = { code: 1, signal: null };
  const camera = ["[video4linux2,v4l2 @ 0x5] ioctl(VIDIOC_STREAMON): No space left on device"];
  assert.match(explainPipelineEnd("ffmpeg", exit, camera), SENTENCES.ENOSPC);
  const disk = ["av_interleaved_write_frame(): No space left on device"];
  assert.match(
    explainPipelineEnd("ffmpeg", exit, disk),
    /^ffmpeg ended: av_interleaved_write_frame/,
  );
  assert.equal(deviceTrouble(new Error("The cable came out.")), undefined);
});
