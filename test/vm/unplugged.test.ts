import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { messageOf } from "../../src/base/errors.ts";
import { openTestHost, type TestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const limited = { timeout: isLong ? 10 * TEST_MS : TEST_MS };
const patient = { withinMs: WAIT_MS };
const ROUNDS = isLong ? 10 : 2;
const SMALL = { format: "MJPG", width: 320, height: 240, rate: 15 };

const opened = (kwargs: V4L2CameraOptions) =>
  openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, { kwargs });

const stateIs = (wanted: string) => (value: unknown) =>
  (value as { state: string }).state === wanted;

/** Writes `values` one after the other until `signal` aborts. @returns The last one that was taken, and what refused others. */
async function writing(
  { hosted }: TestHost<V4L2Camera>,
  name: string,
  valueAt: (n: number) => unknown,
  signal: AbortSignal,
) {
  const refusals: string[] = [];
  let taken: unknown;
  for (let n = 0; !signal.aborted; n++) {
    try {
      await hosted.writeProperty(name, valueAt(n));
      taken = valueAt(n);
    } catch (error) {
      refusals.push(messageOf(error));
      await new Promise(setImmediate);
    }
  }
  return { taken, refusals };
}

test(
  "writes, modes and stills while it is unplugged are taken or refused with a sentence, and what was taken holds",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-WRITES" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using camera = await opened({ device, keep_warm: true, mode: SMALL });
    let [brightness, wanted]: unknown[] = [0, SMALL];
    for (let round = 0; round < ROUNDS; round++) {
      // The first picture of a webcam that is a program of its own takes its time on a busy machine.
      await camera.untilProperty("state", stateIs("streaming"), { withinMs: 2 * WAIT_MS });
      const end = new AbortController();
      const controls = writing(camera, "brightness", (n) => (n % 50) - 25, end.signal);
      const modes = writing(
        camera,
        "mode",
        (n) => (n % 2 ? SMALL : { ...SMALL, width: 640, height: 480 }),
        end.signal,
      );
      const still = camera.thing.takeStill(patience()).then(
        () => "",
        (error) => messageOf(error),
      );
      while (webcam.controls.get("brightness") === 0) await once(webcam.controls, "set");
      await webcam.unplug();
      await camera.untilProperty("state", stateIs("disconnected"), patient);
      end.abort();
      const [control, mode] = await Promise.all([controls, modes]);
      for (const refusal of [...control.refusals, ...mode.refusals, await still].filter(Boolean))
        assert.match(refusal, /Plug it in|in again|[Tt]ry again|being opened/);
      webcam.controls.put("brightness", 0);
      await webcam.plugIn(round % 2 === 0 ? 3 : 0);
      await camera.untilProperty("state", stateIs("streaming"), patient);
      brightness = control.taken ?? brightness;
      wanted = mode.taken ?? wanted;
      assert.equal(webcam.controls.get("brightness"), brightness);
      assert.equal(await camera.hosted.readProperty("brightness"), brightness);
      assert.deepEqual(await camera.hosted.readProperty("mode"), wanted);
    }
  },
);

test("a program that is killed in the middle of a still costs that still", limited, async () => {
  const webcam = new VirtualWebcam({ serial: "SN-STILL" });
  await using _ = webcam;
  const device = await webcam.plugIn(0);
  await using camera = await opened({ device, keep_warm: true, mode: SMALL });
  await camera.untilProperty("state", stateIs("streaming"), patient);
  await camera.thing.mjpeg_stream.grab(patience());
  const { pid } = camera.thing;
  const still = camera.thing.takeStill(patience());
  still.catch(() => {});
  while (webcam.mode.width === SMALL.width) await new Promise((resolve) => setTimeout(resolve, 10));
  process.kill(pid!, "SIGKILL");
  await assert.rejects(still, /V4L2 camera program ended/);
  await camera.untilProperty("state", stateIs("streaming"), patient);
  const { width } = await camera.thing.takeStill(patience());
  assert.equal(width, 2592);
});

test(
  "a webcam that two Things have: both set its controls, and one at a time streams",
  limited,
  async () => {
    const webcam = new VirtualWebcam({ serial: "SN-TWICE" });
    await using _ = webcam;
    const device = await webcam.plugIn(0);
    await using one = await opened({ device });
    await using other = await opened({ device, keep_warm: true, mode: SMALL });
    await other.untilProperty("state", stateIs("streaming"), patient);
    await one.hosted.writeProperty("brightness", 7);
    await other.untilProperty("brightness", (value) => value === 7, patient);
    const end = new AbortController();
    const watching = one.thing.mjpeg_stream.grab(end.signal).catch(() => {});
    await one.untilProperty("state", stateIs("failed"), patient);
    end.abort();
    await watching;
    assert.match(one.thing.state.reason ?? "", /The camera is busy: .*has .* open/);
    await other.hosted.writeProperty("brightness", 8);
    await one.untilProperty("brightness", (value) => value === 8, patient);
    assert.equal(other.thing.state.state, "streaming");
  },
);
