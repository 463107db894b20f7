import assert from "node:assert/strict";
import { test } from "node:test";
import { KnownDevice } from "../../../src/sources/v4l2/known-device.ts";
import { readMessage, type V4l2Description } from "../../../src/sources/v4l2/messages.ts";
import { refusal } from "../../../src/sources/v4l2/trouble.ts";

const GAIN = { id: 7, name: "Gain", type: "integer", min: 0, max: 9, step: 1, flags: [] };
const DEVICE: V4l2Description = {
  ...{ node: "/dev/video0", driver: "uvcvideo", card: "Cam", bus_info: "usb", events: true },
  ...{ format: null, modes: [], controls: [{ ...GAIN, default: 1, value: 1 }] },
};

test("a change of a control changes what a change may, and nothing that was not checked", () => {
  const known = new KnownDevice(structuredClone(DEVICE));
  const text = { id: 7, changes: ["range"], max: 20, value: 12, name: 5, menu: 5, type: "menu" };
  const message = readMessage("C", Buffer.from(JSON.stringify(text)));
  assert.ok(message.type === "control");
  const [control] = known.noteChange(message.change);
  assert.deepEqual(control, { ...GAIN, default: 1, value: 12, max: 20 });
});

for (const errno of ["constructor", "__proto__", "E?", ""]) {
  test(`a refusal with the errno '${errno}' is told as one`, () => {
    const { code, message } = refusal({ ioctl: "VIDIOC_S_EXT_CTRLS", errno, message: "no" });
    assert.deepEqual([code, message.startsWith("Refused: ")], ["NOT_READY", true]);
  });
}
