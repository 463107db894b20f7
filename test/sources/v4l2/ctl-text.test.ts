import assert from "node:assert/strict";
import { test } from "node:test";
import { aboutIn, controlsIn, errnoIn, modesIn } from "../../../src/sources/v4l2/ctl-text.ts";

const CONTROLS = `
User Controls

                     brightness 0x00980900 (int)    : min=-64 max=64 step=1 default=0 value=-3 flags=slider
        white_balance_automatic 0x0098090c (bool)   : default=1 value=1
           power_line_frequency 0x00980918 (menu)   : min=0 max=2 default=1 value=1 (50 Hz)
				0: Disabled
				1: 50 Hz
				2: 60 Hz
      white_balance_temperature 0x0098091a (int)    : min=2800 max=6500 step=10 default=4600 value=4600 flags=inactive, slider
                         button 0x0098f900 (button) : value=0 flags=write-only, execute-on-write
                         string 0x0098f904 (str)    : min=2 max=4 step=1 value='  a='
                        bitmask 0x0098f905 (bitmask): max=0x805a0002 default=0x80002000 value=2147491840 (0x80002000)
                   integer_menu 0x0098f906 (intmenu): min=1 max=4 default=3 value=3 (42 0x2a)
				1: 1 (0x1)
				3: 42 (0x2a)
                  area          0x0098f90f (area)   : value=1000x2000
`;

test("controls are read as v4l2-ctl lists them", () => {
  const controls = controlsIn(CONTROLS);
  assert.deepEqual(
    controls.map(({ ctlName, type, value }) => [ctlName, type, value]),
    [
      ["brightness", "integer", -3],
      ["white_balance_automatic", "boolean", true],
      ["power_line_frequency", "menu", 1],
      ["white_balance_temperature", "integer", 4600],
      ["button", "button", 0],
      ["string", "string", "  a="],
      ["bitmask", "bitmask", 2_147_491_840],
      ["integer_menu", "integer-menu", 3],
    ],
  );
  const [brightness, , power, temperature, , , , integers] = controls;
  assert.deepEqual(brightness, {
    ...{ ctlName: "brightness", id: 0x0098_0900, name: "Brightness", type: "integer" },
    ...{ min: -64, max: 64, step: 1, default: 0, value: -3, flags: ["slider"] },
  });
  assert.deepEqual(power?.menu?.[2], { index: 2, name: "60 Hz" });
  assert.deepEqual(temperature?.flags, ["inactive", "slider"]);
  assert.deepEqual(integers?.menu?.[1], { index: 3, name: "42" });
});

test("modes and what the device is are read as v4l2-ctl lists them", () => {
  const modes = modesIn(`ioctl: VIDIOC_ENUM_FMT
	[0]: 'MJPG' (Motion-JPEG, compressed)
		Size: Discrete 640x480
			Interval: Discrete 0.033s (30.000 fps)
			Interval: Discrete 0.200s (5.000 fps)
	[1]: 'YUYV' (YUYV 4:2:2)
		Size: Stepwise 16x16 - 1920x1080 with step 8/8
`);
  assert.deepEqual(modes[0]?.sizes[0]?.intervals[1]?.interval, [1000, 5000]);
  assert.deepEqual([modes[0]?.payload, modes[1]?.payload], ["jpeg", "encoded"]);
  assert.deepEqual([modes[1]?.sizes[0]?.width, modes[1]?.sizes[0]?.height], [1920, 1080]);
  const about = aboutIn(
    "Driver Info:\n\tDriver name      : uvcvideo\n\tCard type        : Cam: X\n",
  );
  assert.deepEqual(about, { driver: "uvcvideo", card: "Cam: X", bus_info: "" });
});

test("refusals are known by the system's words", () => {
  const words = "VIDIOC_S_EXT_CTRLS: failed: Numerical result out of range";
  assert.equal(errnoIn(words), "ERANGE");
  assert.equal(errnoIn("Cannot open device /dev/video9, exiting: No such file"), "ENODEV");
  assert.equal(errnoIn("something else"), "EIO");
});
