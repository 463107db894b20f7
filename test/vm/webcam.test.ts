import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { controlOf, v4l2Ctl } from "./video-control.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const limit = { timeout: TEST_MS };
const MJPEG = "--set-fmt-video=width=640,height=480,pixelformat=MJPG";

/** The frames that v4l2-ctl got, each as what lies between two of the camera's stamps. */
async function captured(node: string, count: number, ...options: string[]): Promise<Buffer[]> {
  const file = join(await temporaryFolder(), "frames");
  const stream = ["--stream-mmap", `--stream-count=${count}`, `--stream-to=${file}`];
  await v4l2Ctl(node, ...(options.length > 0 ? options : [MJPEG]), ...stream);
  const bytes = await readFile(file);
  const starts = [...bytes.toString("latin1").matchAll(/\xff\xd8\xff\xfe/g)].map(
    ({ index }) => index,
  );
  return starts.map((at, n) => bytes.subarray(at, starts[n + 1]));
}

test(
  "the virtual webcam is a camera of the kernel's driver, with its formats, controls and frames",
  limit,
  async () => {
    const webcam = new VirtualWebcam({ name: "Bench Camera", serial: "SN7" });
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const about = await v4l2Ctl(node, "--info", "--list-formats-ext", "--list-ctrls-menus");
    assert.match(about, /Driver name +: uvcvideo/);
    assert.match(about, /Card type +: Bench Camera/);
    assert.match(
      about,
      /'MJPG'[^']+640x480\n.*30\.000 fps[^']+1280x720[^']+1920x1080[^']+2592x1944/,
    );
    assert.match(about, /'YUYV'[^']+320x240/);
    assert.match(about, /brightness .* min=-64 max=64 step=1 default=0 value=0/);
    assert.match(about, /auto_exposure .*\n\s+1: Manual Mode\n\s+3: Aperture Priority Mode/);
    assert.match(about, /exposure_time_absolute .*flags=inactive/);
    for (const name of ["focus_absolute", "zoom_absolute", "gain", "power_line_frequency"])
      assert.match(about, new RegExp(name));
    const frames = await captured(node, 10);
    const numbers = frames.map((frame) => sequenceIn(frame));
    assert.deepEqual(
      numbers,
      numbers.map((_, n) => numbers[0]! + n),
    );
    for (const frame of frames) {
      const { width, height } = inspectJpeg(frame);
      assert.deepEqual([width, height], [640, 480]);
    }
  },
);

test("what is set reaches the webcam, and what it refuses is refused", limit, async () => {
  const webcam = new VirtualWebcam();
  await using _ = webcam;
  const node = await webcam.plugIn(1);
  const reached = once(webcam.controls, "set", { signal: patience() });
  await v4l2Ctl(node, "-c", "brightness=-12");
  assert.deepEqual(await reached, ["brightness", -12]);
  assert.equal(await controlOf(node, "brightness"), -12);
  webcam.controls.refuse("contrast", 1);
  await assert.rejects(v4l2Ctl(node, "-c", "contrast=3"), /Device or resource busy/);
  await v4l2Ctl(node, "-c", "auto_exposure=1", "-c", "exposure_time_absolute=500");
  assert.equal(webcam.controls.get("exposure_time_absolute"), 500);
});

test("a control that the webcam changes by itself is announced", limit, async () => {
  const webcam = new VirtualWebcam();
  await using _ = webcam;
  const node = await webcam.plugIn(2);
  const watching = spawn("v4l2-ctl", ["-d", node, "--wait-for-event=ctrl=brightness"]);
  let printed = "";
  watching.stdout.on("data", (text) => (printed += text));
  const ended = once(watching, "close", { signal: patience() });
  while (watching.exitCode === null && printed === "") {
    webcam.change("brightness", webcam.controls.get("brightness") + 1);
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 100))]);
  }
  await ended;
  assert.match(printed, /ctrl: brightness/);
});

test("faults of the webcam reach its frames", limit, async () => {
  const webcam = new VirtualWebcam();
  await using _ = webcam;
  const node = await webcam.plugIn(3);
  webcam.break("truncated", 2);
  webcam.break("no-huffman-tables");
  webcam.break("no-end");
  const frames = await captured(node, 6);
  const endsWell = frames.map((frame) => frame.subarray(-2).toString("hex") === "ffd9");
  assert.deepEqual(endsWell.slice(0, 2), [false, false]);
  assert.ok(!frames[2]!.includes(Buffer.from("ffc4", "hex")));
  assert.deepEqual(
    frames.map((frame) => sequenceIn(frame)),
    [0, 1, 2, 3, 4, 5],
  );
});

test(
  "the webcam comes back in another port, and two of one kind are there at once",
  limit,
  async () => {
    const [one, two] = [new VirtualWebcam(), new VirtualWebcam()];
    await using _one = one;
    await using _two = two;
    const first = await one.plugIn(0);
    const second = await two.plugIn(1);
    assert.notEqual(first, second);
    await one.unplug();
    const again = await one.plugIn(4);
    assert.equal((await captured(again, 2)).length, 2);
  },
);
