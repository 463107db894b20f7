import assert from "node:assert/strict";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { failureOfProgram, isDisconnection } from "../../src/base/disconnection.ts";
import { ThingError } from "../../src/base/errors.ts";
import { TEST_MS } from "../limits.ts";

/** What a connection to this port of this machine comes to. */
async function errorOf(socket: Socket): Promise<unknown> {
  const [error] = await once(socket, "error");
  return error;
}

test("a device or a server that is not there is told from one that does not work", {
  timeout: TEST_MS,
}, async () => {
  const refused = await errorOf(connect(1, "127.0.0.1"));
  const missing = await open("/dev/video99").catch((error) => error);
  const file = await open("/no/such/file.jpg").catch((error) => error);
  const busy = Object.assign(new Error("open"), { code: "EBUSY", path: "/dev/video0" });
  const gone = Object.assign(new Error("ioctl"), { code: "ENODEV" });
  const cases: readonly [unknown, boolean][] = [
    [refused, true],
    [new ThingError("SOURCE_FAILED", "It cannot be reached.", { cause: refused }), true],
    [missing, true],
    [file, false],
    [busy, false],
    [gone, true],
    [new ThingError("DISCONNECTED", "It was unplugged. Plug it in."), true],
    [new ThingError("SOURCE_FAILED", "It is busy."), false],
    ["ENODEV", false],
    [undefined, false],
  ];
  for (const [error, expected] of cases)
    assert.equal(isDisconnection(error), expected, String(error));
  const circle = new Error("one");
  circle.cause = circle;
  assert.equal(isDisconnection(circle), false);
});

test("what a program says at its end tells whether its device is there", () => {
  const says = (text: string) => isDisconnection(failureOfProgram(text));
  for (const text of [
    "GStreamer's element v4l2src0 failed: Cannot identify device '/dev/video0'. system error: No such device.",
    "GStreamer's element v4l2src0 failed: Cannot identify device '/dev/video99'. system error: No such file or directory.",
    "ffmpeg ended: tcp://192.0.2.1:554: Connection refused.",
    "ffmpeg ended: /dev/video9: No such file or directory.",
    "GStreamer's element src failed: Could not connect to server.",
  ])
    assert.equal(says(text), true, text);
  for (const text of [
    "ffmpeg ended: /no/such.mp4: No such file or directory.",
    "GStreamer has no element 'nosuchelement'.",
    "The camera is busy: another program has it open.",
    "gst-launch-1.0 was ended by SIGKILL.",
  ])
    assert.equal(says(text), false, text);
});
