import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { test } from "node:test";
import { openTestHost, type TestHostOptions } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { plugIn, STAND_IN } from "../sources/v4l2/plug-in.ts";
import type { Behaviour } from "../sources/v4l2/stand-in-device.ts";

const limited = { timeout: TEST_MS };
const patient = { withinMs: WAIT_MS };

async function opened(
  behaviour: Behaviour = {},
  options: V4L2CameraOptions = {},
  host: TestHostOptions<V4L2CameraOptions> = {},
) {
  const device = options.device ?? (await plugIn(behaviour));
  const kwargs = { device, program: STAND_IN, ...options };
  const camera = await openTestHost(V4L2Camera, { ...host, kwargs });
  return { camera, device };
}

async function put(url: string, value: unknown) {
  const response = await fetch(url, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(value),
    signal: patience(),
  });
  const { detail = "" } = response.ok ? {} : ((await response.json()) as { detail?: string });
  return { status: response.status, detail };
}

const valueAt = async (url: string) =>
  (await fetch(url, { signal: patience() })).json() as Promise<unknown>;

interface Described {
  readonly readOnly?: boolean;
  readonly description?: string;
  readonly "@type"?: string | readonly string[];
  readonly [member: string]: unknown;
}

async function described(url: string) {
  const td = (await valueAt(url)) as {
    properties: Record<string, Described>;
    actions: Record<string, Described>;
  };
  return td;
}

test(
  "each control of the device is a property of its own, with its limits, its unit and its group",
  limited,
  async () => {
    const { camera } = await opened();
    await using _ = camera;
    const { properties, actions } = await described(camera.url);
    const { brightness, exposure_time_absolute: exposure, auto_exposure: auto } = properties;
    assert.deepEqual(
      [brightness?.minimum, brightness?.maximum, brightness?.default],
      [0, 255, 128],
    );
    assert.deepEqual([brightness?.["@type"]].flat(), ["ImageControl"]);
    assert.deepEqual([exposure?.unit, exposure?.readOnly], ["100 us", true]);
    assert.match(
      exposure?.description ?? "",
      /'auto_exposure' governs it \(Aperture Priority Mode\). Set 'auto_exposure' to another value/,
    );
    assert.deepEqual(auto?.enum, [1, 3]);
    assert.ok(
      "brightness_2" in properties && "state_2" in properties && !("calibration" in properties),
    );
    assert.ok("auto_focus_start" in actions);
  },
);

test(
  "a PUT has reached the device when it is answered, and its rounding is what is read",
  limited,
  async () => {
    const { camera } = await opened();
    await using _ = camera;
    assert.equal((await put(`${camera.url}gain`, 9)).status, 204);
    assert.equal(await valueAt(`${camera.url}gain`), 10);
    const refused = await put(`${camera.url}brightness`, 256);
    assert.equal(refused.status, 422);
    assert.equal((await put(`${camera.url}lens_name`, "a b=1")).status, 204);
    assert.equal(await valueAt(`${camera.url}lens_name`), "a b=1");
    const half = await put(`${camera.url}lens_name`, "\ud800");
    assert.equal(half.status, 422, half.detail);
    assert.equal((await put(`${camera.url}gamma_curve`, [1, 2, 3])).status, 204);
    assert.deepEqual(await valueAt(`${camera.url}gamma_curve`), [1, 2, 3]);
  },
);

test(
  "what an automatic control governs can be set as soon as the automatic control is off",
  limited,
  async () => {
    const { camera } = await opened();
    await using _ = camera;
    const exposure = `${camera.url}exposure_time_absolute`;
    assert.equal((await put(exposure, 300)).status, 405);
    assert.equal((await put(`${camera.url}auto_exposure`, 1)).status, 204);
    assert.equal((await put(exposure, 300)).status, 204);
    assert.equal(await valueAt(exposure), 300);
  },
);

test("a PUT that the device refuses is answered with its refusal in words", limited, async () => {
  const { camera, device } = await opened();
  await using _ = camera;
  for (const [setError, status, words] of [
    ["EBUSY", 409, /cannot change this now/],
    ["EACCES", 405, /does not let it be changed now/],
    ["EINVAL", 422, /does not accept this value/],
    ["ERANGE", 422, /out of the camera's range/],
    ["EIO", 503, /did not carry it out/],
  ] as const) {
    await plugIn({ setError }, device);
    const answer = await put(`${camera.url}brightness`, 7);
    assert.equal(answer.status, status, answer.detail);
    assert.match(answer.detail, words);
  }
});

test(
  "frames come when somebody watches, and the mode changes without ending the stream",
  limited,
  async () => {
    const { camera } = await opened();
    await using _ = camera;
    const stream = camera.thing.mjpeg_stream;
    const { run } = await stream.grab(patience());
    assert.equal(
      (await put(`${camera.url}mode`, { width: 320, height: 240, rate: 15 })).status,
      204,
    );
    assert.deepEqual(await valueAt(`${camera.url}mode`), {
      ...{ format: "MJPG", width: 320, height: 240, rate: 15 },
    });
    assert.equal(await valueAt(`${camera.url}picture_away_ms`), 12.5);
    assert.equal((await stream.grab(patience())).run, run);
  },
);

test("F05 a mode that the device refuses leaves the old one streaming", limited, async () => {
  const { camera } = await opened({ modeError: "EIO" }, { mode: { width: 640, height: 480 } });
  await using _ = camera;
  const stream = camera.thing.mjpeg_stream;
  const { run } = await stream.grab(patience());
  const answer = await put(`${camera.url}mode`, { width: 1280, height: 960 });
  assert.equal(answer.status, 503);
  assert.match(answer.detail, /EIO VIDIOC_S_FMT/);
  const unknown = await put(`${camera.url}mode`, { width: 123, height: 45 });
  assert.equal(unknown.status, 422);
  assert.match(unknown.detail, /It has: MJPG 640x480/);
  const mode = (await valueAt(`${camera.url}mode`)) as { width: number };
  assert.equal(mode.width, 640);
  assert.equal((await stream.grab(patience())).run, run);
  assert.equal(camera.thing.state.state, "streaming");
});

test(
  "a mode that another program kept from being set is set when the camera streams",
  limited,
  async () => {
    const { camera, device } = await opened(
      { modeError: "EBUSY" },
      { mode: { width: 320, height: 240 } },
    );
    await using _ = camera;
    const widthOf = (value: unknown) => (value as { width: number }).width;
    assert.equal(widthOf(await valueAt(`${camera.url}mode`)), 640);
    await plugIn({}, device);
    await camera.thing.mjpeg_stream.grab(patience());
    await camera.untilProperty("mode", (value) => widthOf(value) === 320, patient);
  },
);

test("a still is of the full size, and the stream goes on", limited, async () => {
  const { camera } = await opened();
  await using _ = camera;
  const still = await camera.thing.takeStill(patience());
  assert.deepEqual([still.width, still.height, still.frame], [1280, 960, undefined]);
  assert.equal(camera.thing.picture_away_ms, 40);
  await camera.thing.mjpeg_stream.grab(patience());
});

test(
  "a camera that is not there is disconnected, and appears by itself with its controls and settings",
  limited,
  async () => {
    const device = await plugIn();
    await rm(device);
    const { camera } = await opened({}, { device, controls: { brightness: 9 } });
    await using _ = camera;
    const { state, reason = "" } = camera.thing.state;
    assert.equal(state, "disconnected");
    assert.match(reason, /There is no camera at .*video0\. Plug it in/);
    await plugIn({}, device);
    await camera.untilProperty("capabilities", isOpen(true), patient);
    await camera.untilProperty("brightness", (value) => value === 9, patient);
    assert.equal(camera.thing.state.state, "idle");
  },
);

test(
  "F01 a camera that was unplugged has its values and its mode again when it is back",
  limited,
  async () => {
    const { camera, device } = await opened();
    await using _ = camera;
    await put(`${camera.url}auto_exposure`, 1);
    await put(`${camera.url}exposure_time_absolute`, 77);
    await put(`${camera.url}mode`, { width: 320, height: 240 });
    const before = await camera.thing.mjpeg_stream.grab(patience());
    await rm(device);
    await camera.untilProperty("state", stateIs("disconnected"), patient);
    assert.equal((await put(`${camera.url}brightness`, 1)).status, 503);
    await plugIn({}, device);
    await camera.untilProperty("exposure_time_absolute", (value) => value === 77, patient);
    const after = await camera.thing.mjpeg_stream.grab(patience());
    assert.notEqual(after.run, before.run);
    assert.equal(((await valueAt(`${camera.url}mode`)) as { width: number }).width, 320);
  },
);

test(
  "while the device is away, all properties can be read but its own, and nothing is logged as a fault",
  limited,
  async () => {
    const { camera, device } = await opened();
    await using _ = camera;
    await rm(device);
    await camera.untilProperty("capabilities", isOpen(false), patient);
    const all = (await valueAt(`${camera.url}properties`)) as Record<string, unknown>;
    assert.ok("state" in all && !("brightness" in all));
    assert.deepEqual(
      camera.log.lines.filter(({ level }) => level === "error"),
      [],
    );
  },
);

for (const [name, signal] of [
  ["killed", "SIGKILL"],
  ["stopped", "SIGSTOP"],
] as const) {
  test(
    `F02 a program that is ${name} is started again, and frames come again`,
    limited,
    async () => {
      const { camera } = await opened({}, { keep_warm: true });
      await using _ = camera;
      const { run } = await camera.thing.mjpeg_stream.grab(patience());
      for (let n = 0; n < 5; n++) await camera.thing.mjpeg_stream.grab(patience()); // its period is known
      process.kill(camera.thing.pid!, signal);
      for (;;) {
        const frame = await camera.thing.mjpeg_stream.grab(patience());
        if (frame.run !== run) break;
      }
    },
  );
}

test(
  "what the driver changes without a word is told to observers, who alone have it polled",
  limited,
  async () => {
    const { camera } = await opened();
    await using _ = camera;
    const told: unknown[] = [];
    const isTold = new Promise<void>((resolve) => {
      camera.hosted.onChange((name, value) => {
        if (name === "temperature_of_sensor" && told.push(value) === 2) resolve();
      });
    });
    await isTold;
    assert.notEqual(told[0], told[1]);
  },
);

function stateIs(wanted: string) {
  return (value: unknown) => (value as { state: string }).state === wanted;
}

function isOpen(wanted: boolean) {
  return (value: unknown) => (value as { is_open: boolean }).is_open === wanted;
}
