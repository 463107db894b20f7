import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { openTestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { CameraProgram } from "./camera-program.ts";
import { v4l2Ctl } from "./video-control.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const limited = { timeout: TEST_MS };
const patient = { withinMs: WAIT_MS };
const MODE = { format: "MJPG", width: 640, height: 480, rate: 5 };

/** A camera that is described: that may take longer than it is waited for when it is opened. */
async function opened(kwargs: V4L2CameraOptions) {
  const camera = await openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, { kwargs });
  await camera.untilProperty("capabilities", isOpen, patient);
  return camera;
}

const isOpen = (value: unknown) => (value as { is_open: boolean }).is_open;

test(
  "a mode that another program has set while nobody watched is not taken for the camera's own",
  limited,
  async () => {
    await using webcam = await VirtualWebcam.pluggedIn(0, { serial: "SN-CHANGED" });
    const { node } = webcam;
    const change = () => v4l2Ctl(node, "--set-fmt-video=width=320,height=240,pixelformat=YUYV");

    await using program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/5", "--idle");
    await change();
    const told = program.message(({ type }) => type === "device");
    const coming = program.frames(1);
    assert.ok((await program.ask("start")).ok);
    await told;
    assert.equal(program.device?.format?.fourcc, "YUYV");
    const [{ info, bytes } = assert.fail("no frame")] = await coming;
    assert.deepEqual([info.fourcc, info.width, info.height], ["JPEG", 320, 240]);
    assert.equal(inspectJpeg(bytes).width, 320);
    assert.ok((await program.ask("stop")).ok);
    await program.ended;

    await using camera = await opened({ device: node, mode: MODE });
    await camera.untilProperty("mode", (mode) => isDeepStrictEqual(mode, MODE), patient);
    await change();
    for await (const { width } of camera.thing.mjpeg_stream.frames(patience()))
      if (width === MODE.width) break;
    assert.deepEqual(await camera.hosted.readProperty("mode"), MODE);
  },
);
