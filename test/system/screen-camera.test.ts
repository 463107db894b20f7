// The screen of an Xvfb, read by each program that ScreenCamera can use.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { ScreenCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { kwargsOnPage, peer, watched } from "./cameras.ts";

const timeout = TEST_MS;

/** Xvfb chooses a number that is free, and prints it. */
async function screen(t: TestContext, display?: string) {
  const name = display === undefined ? [] : [display];
  const size = ["-screen", "0", "320x240x24", "-nolisten", "tcp", "-displayfd", "1"];
  const { line, child } = await peer(t, "Xvfb", [...name, ...size]);
  return { display: `:${line}`, child };
}

const { THINGSCOPE_LONG: isLong } = process.env;

for (const program of isLong ? ["gst-launch-1.0", "ffmpeg"] : ["gst-launch-1.0"])
  test(`${program} shows a screen, says when it is gone, and shows it again when it is back`, {
    timeout,
  }, async (t) => {
    const first = await screen(t);
    const { display } = first;
    const options = { ...kwargsOnPage("ScreenCamera"), display, program };
    const { frame, until } = await watched(t, ScreenCamera, options);
    const { width, height, run } = await frame();
    assert.deepEqual([width, height], [320, 240]);
    first.child.kill();
    await first.child.ended;
    assert.match(await until("disconnected"), /No X server answers at display ':\d+'/);
    await screen(t, display);
    await until("streaming");
    assert.notEqual((await frame()).run, run);
  });

test("an option that is wrong is told before anything is started", () => {
  const refused = (options: object, message: RegExp) =>
    assert.throws(() => new ScreenCamera(options), { code: "BAD_CONFIG", message });
  refused(
    { display: ":0 ! filesink location=/tmp/x" },
    /ScreenCamera cannot be created: 'display'/,
  );
  refused({ framerate: 0 }, /'framerate'/);
  refused({ size: 3 }, /'size'/);
  refused({ program: "obs" }, /cannot use the program 'obs'. It has: gst-launch-1.0, ffmpeg/);
});
