import assert from "node:assert/strict";
import { test } from "node:test";
import { camerasIn as genicamIn } from "../../src/discovery/network/genicam-list.ts";
import { streamsIn } from "../../src/discovery/network/thingscope-servers.ts";
import { detailsIn } from "../../src/discovery/node-details.ts";
import { camerasIn as raspberryPiIn } from "../../src/discovery/raspberry-pi-cameras.ts";

test("v4l2-ctl's text gives capabilities, sizes and rates", () => {
  const text = `Driver Info:
	Driver name      : uvcvideo
	Capabilities     : 0x84a00001
		Video Capture
	Device Caps      : 0x04200001
ioctl: VIDIOC_ENUM_FMT
	Type: Video Capture

	[0]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 640x480
			Interval: Discrete 0.067s (15.000 fps)
			Interval: Discrete 0.033s (30.000 fps)
	[1]: 'Y16 ' (16-bit Greyscale)
		Size: Stepwise 2x2 - 8192x4096 with step 2/2
			Interval: Continuous 0.000s - 0.100s (10.000-60.000 fps)
`;
  assert.deepEqual(detailsIn(text), {
    isCamera: true,
    modes: [
      { format: "MJPG", width: 640, height: 480, rates: [30, 15] },
      { format: "Y16", width: 8192, height: 4096, rates: [60] },
    ],
  });
  assert.equal(detailsIn("Device Caps : 0x04a00000")?.isCamera, false, "metadata");
  assert.equal(detailsIn("Device Caps : 0x04204000")?.isCamera, false, "a codec");
  assert.equal(detailsIn("Cannot open device /dev/video9, exiting."), undefined);
});

test("arv-tool's lines give names and addresses", () => {
  const found = genicamIn(
    "Basler-21237813 (192.168.1.7)\nThe Imaging Source-DMK (USB3)\nno device found\n$(rm) (x)\n",
  );
  assert.deepEqual(
    found.map(({ id, address }) => [id, address]),
    [
      ["genicam-Basler-21237813", "192.168.1.7"],
      ["genicam-The Imaging Source-DMK", "USB3"],
    ],
  );
});

test("rpicam-hello's list gives the cameras of the connectors, not those of USB", () => {
  const text = `Available cameras
-----------------
0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)
    Modes: 'SRGGB10_CSI2P' : 640x480 [206.65 fps - (1000, 752)/1280x960 crop]
                             3280x2464 [21.19 fps - (0, 0)/3280x2464 crop]
1 : Webcam [1280x720] (/base/scb/pcie@7d500000/usb@0,0/usb@1-1:1.0-046d:0825)
`;
  const [camera, ...others] = raspberryPiIn(text);
  assert.deepEqual(others, []);
  assert.equal(camera?.id, "csi-imx219-base_soc_i2c0mux_i2c@1_imx219@10");
  assert.deepEqual(camera.modes[1], {
    format: "SRGGB10_CSI2P",
    width: 3280,
    height: 2464,
    rates: [21.19],
  });
  assert.deepEqual(camera.config.kwargs, { camera: 0 });
});

test("a Thing Description gives its first MJPEG stream, at the address that was asked", () => {
  const form = (href: string, contentType: string) => ({ forms: [{ href, contentType }] });
  const mixed = "multipart/x-mixed-replace;boundary=frame";
  const td = {
    ...{ id: "urn:uuid:1", title: "Eye", base: "http://elsewhere/" },
    properties: {
      state: form("/eye/state", "application/json"),
      live: form("/eye/live", mixed),
      small: form("/eye/small", mixed),
    },
  };
  assert.deepEqual(
    streamsIn(td, "http://10.0.0.9:5000/eye/").map(({ id, address, title }) => [
      id,
      address,
      title,
    ]),
    [["urn:uuid:1", "http://10.0.0.9:5000/eye/live", "Eye"]],
  );
  const hostile = {
    ...{ ...td, id: "a\n  problem  run this", title: "Eye\n\u202e\u001b[2J  id  real" },
    properties: { live: form("http://admin:secret@elsewhere/live", mixed) },
  };
  assert.deepEqual(
    streamsIn(hostile, "http://10.0.0.9:5000/eye/").map(({ id, title, address }) => [
      id,
      title,
      address,
    ]),
    [["a problem run this", "Eye [2J id real", "http://10.0.0.9:5000/live"]],
  );
  for (const other of [
    7,
    null,
    {},
    { properties: [] },
    { properties: { a: { forms: "x" } } },
    { properties: { a: form("http://[", mixed) } },
  ])
    assert.deepEqual(streamsIn(other, "http://10.0.0.9:5000/eye/"), []);
});
