import assert from "node:assert/strict";
import { test } from "node:test";
import type { V4l2Description } from "../../../src/sources/v4l2/messages.ts";
import { V4l2Modes, type WantedMode } from "../../../src/sources/v4l2/modes.ts";

const rates = (...all: readonly number[]) =>
  all.map((rate) => ({ type: "discrete" as const, interval: [1, rate] as [number, number] }));
const size = (width: number, height: number, ...all: readonly number[]) => ({
  ...{ type: "discrete" as const, width, height, intervals: rates(...all) },
});
const DEVICE: V4l2Description = {
  ...{ node: "/dev/video0", driver: "uvcvideo", card: "Cam", bus_info: "usb", events: true },
  format: { fourcc: "YUYV", width: 640, height: 480, interval: [1, 30], payload: "encoded" },
  controls: [],
  modes: [
    {
      ...{ fourcc: "YUYV", description: "YUYV 4:2:2", payload: "encoded" },
      sizes: [size(640, 480, 30), size(1280, 720, 10)],
    },
    {
      ...{ fourcc: "MJPG", description: "Motion-JPEG", payload: "jpeg" },
      sizes: [size(640, 480, 30, 15), size(1280, 720, 30), size(1920, 1080, 30)],
    },
    {
      ...{ fourcc: "GREY", description: "8-bit grey", payload: "encoded" },
      sizes: [{ type: "stepwise", width: [16, 4096, 4], height: [16, 4096, 2], intervals: [] }],
    },
  ],
};
const modes = new V4l2Modes(DEVICE);

for (const [wanted, words] of [
  [{ width: 640, height: 480 }, "MJPG 640x480 1/30"],
  [{ width: 640, height: 480, rate: 15 }, "MJPG 640x480 1/15"],
  [{ width: 640, height: 480, rate: 29.97 }, "MJPG 640x480 1/30"],
  [{ format: "YUYV", width: 640, height: 480 }, "YUYV 640x480 1/30"],
  [{ format: "GREY", width: 64, height: 48, rate: 29.97 }, "GREY 64x48 1000/29970"],
  [{ width: 320, height: 200 }, "GREY 320x200"],
  [{ width: 320, height: 200, rate: 0 }, "GREY 320x200"],
  [{ width: 640, height: 480, rate: 0 }, "MJPG 640x480 1/30"],
] satisfies [WantedMode, string][]) {
  test(`the mode ${JSON.stringify(wanted)} is ${words}`, () => {
    assert.equal(modes.wordsFor(wanted), words);
  });
}

for (const [wanted, why] of [
  [{ width: 641, height: 480 }, /no mode any format 641x480. It has: .*MJPG 1920x1080/],
  [{ format: "H264", width: 640, height: 480 }, /no mode H264 640x480/],
  [{ format: "MJPG", width: 1280, height: 720, rate: 60 }, /no rate of 60 fps.* It has: 30\./],
  [{ format: "GREY", width: 62, height: 48 }, /no mode GREY 62x48/],
] satisfies [WantedMode, RegExp][]) {
  test(`a mode that the camera does not have is refused: ${JSON.stringify(wanted)}`, () => {
    assert.throws(() => modes.wordsFor(wanted), { code: "INVALID_INPUT", message: why });
  });
}

test("intervals that are no time are none of the camera's", () => {
  const none = (
    [
      [0, 0],
      [0, 1],
      [1, 0],
    ] as const
  ).map(([n, d]) => ({
    ...{ type: "discrete" as const, interval: [n, d] as [number, number] },
  }));
  const sizes = [{ ...size(640, 480), intervals: [...none, ...rates(30)] }];
  const bogus = new V4l2Modes({ ...DEVICE, modes: [{ ...DEVICE.modes[1]!, sizes }] });
  assert.equal(bogus.wordsFor({ width: 640, height: 480 }), "MJPG 640x480 1/30");
  assert.deepEqual(bogus.sizes[0]?.rates, [30]);
});

test("a camera that streams raw pictures begins with the largest JPEGs up to 1280 x 720, and one with JPEGs as it is", () => {
  assert.deepEqual(modes.usual, { format: "MJPG", width: 1280, height: 720 });
  const format = { ...DEVICE.format!, fourcc: "MJPG" };
  assert.equal(new V4l2Modes({ ...DEVICE, format }).usual, undefined);
});

test("the full size is the largest picture, also of a scaler", () => {
  assert.deepEqual(modes.largest, { format: "GREY", width: 4096, height: 4096 });
});

test("a device may have no modes at all", () => {
  const none = new V4l2Modes({ ...DEVICE, format: null, modes: [] });
  assert.deepEqual([none.present, none.usual, none.largest], [undefined, undefined, undefined]);
  assert.throws(() => none.wordsFor({ width: 1, height: 1 }), /It has: none/);
});
