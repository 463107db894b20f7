import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { promisify } from "node:util";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { patience, TEST_MS } from "../limits.ts";
import { assertHas } from "./assert-has.ts";
import { CameraProgram, PROGRAM } from "./camera-program.ts";
import { v4l2Ctl } from "./video-control.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const limit = { timeout: TEST_MS };
const run = promisify(execFile);

test(
  "`list` has each camera with its modes and controls, and no node of metadata",
  limit,
  async () => {
    const webcam = new VirtualWebcam({ name: "Listed Camera" });
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const { stdout } = await run(PROGRAM, ["list"], { signal: patience() });
    const { devices } = JSON.parse(stdout);
    const listed = devices.find((one: { node: string }) => one.node === node);
    assert.match(listed.card, /^Listed Camera/);
    assert.equal(devices.length, 3);
    const mjpeg = listed.modes.find((mode: { fourcc: string }) => mode.fourcc === "MJPG");
    assert.deepEqual(mjpeg.sizes[0], {
      ...{ type: "discrete", width: 640, height: 480 },
      intervals: [30, 15, 5].map((rate) => ({ type: "discrete", interval: [1, rate] })),
    });
    const controls = new Map(
      listed.controls.map((control: { name: string }) => [control.name, control]),
    );
    const brightness = { type: "integer", min: -64, max: 64, step: 1, default: 0, value: 0 };
    assertHas(controls.get("Brightness"), brightness);
    assertHas(controls.get("Exposure Time, Absolute"), { flags: ["inactive"] });
  },
);

test(
  "every frame of the webcam comes through unchanged, in its order, with the kernel's time",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/15");
    await using _program = program;
    const frames = await program.frames(30);
    const [first] = frames;
    for (const [n, { info, bytes }] of frames.entries()) {
      const before = frames[n - 1];
      assert.equal(info.fourcc, "JPEG");
      assert.equal(info.clock, "monotonic");
      assert.ok(!before || info.time! > before.info.time!, "the times go forward");
      assert.ok(info.time! < Number(process.hrtime.bigint()));
      // What is missing is counted, and nothing is twice.
      const step = before ? info.sequence - before.info.sequence : 1;
      if (before) assert.equal(info.lost + info.replaced, step - 1);
      assert.equal(
        sequenceIn(bytes)! - sequenceIn(first!.bytes)!,
        info.sequence - first!.info.sequence,
      );
      const { width, height } = inspectJpeg(bytes);
      assert.deepEqual([width, height], [640, 480]);
    }
  },
);

test(
  "a control that is set reaches the device; what another program or the camera changes is told",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/5");
    await using _program = program;
    const { id } = program.control("Brightness");
    const reached = once(webcam.controls, "set", { signal: patience() });
    const answer = await program.ask(`set ${id}=20`);
    assert.deepEqual(answer.values, { [id]: 20 });
    assert.deepEqual(await reached, ["brightness", 20]);

    const told = program.message((one) => one.type === "control" && one.change.value === -30);
    await v4l2Ctl(node, "-c", "brightness=-30");
    await told;

    const exposure = program.control("Exposure Time, Absolute").id;
    const changed = program.message((one) => one.type === "control" && one.change.id === exposure);
    webcam.change("exposure_time_absolute", 777);
    assertHas(await changed, { change: { value: 777 } });

    const refused = await program.ask(`set ${exposure}=100`);
    assert.equal(refused.ok, false);
    assert.match(refused.error!.errno, /^E/);
    assert.equal(refused.error!.id, exposure);
  },
);

test(
  "a mode is changed while streaming; one that the camera has not is refused, and the old one goes on",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/15");
    await using _program = program;
    await program.frames(2);
    const refused = await program.ask("mode MJPG 641x481");
    assert.equal(refused.error?.ioctl, "VIDIOC_TRY_FMT");
    assertHas(refused.error?.offers, { width: 640, height: 480 });
    const [before] = await program.frames(1);
    assert.equal(before!.info.width, 640);
    const answer = await program.ask("mode MJPG 1280x720 1/15");
    assertHas(answer.format, { width: 1280, height: 720, interval: [1, 15] });
    assert.ok(answer.away_ms! > 0);
    const [after] = await program.frames(1);
    assert.deepEqual([after!.info.width, after!.info.height], [1280, 720]);
    assert.deepEqual([webcam.mode.width, webcam.mode.interval], [1280, 666_666]);
  },
);

test(
  "a still of another size is taken while streaming, and the stream comes back",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    const program = await CameraProgram.start(node, "--mode", "MJPG:320x240:1/15");
    await using _program = program;
    await program.frames(1);
    const taken: number[] = [];
    program.on("frame", ({ info, bytes }) => {
      if (info.still !== undefined) taken.push(info.still, info.width, inspectJpeg(bytes).height);
    });
    const answer = await program.ask("still MJPG 2592x1944");
    assert.equal(answer.ok, true, JSON.stringify(answer.error));
    assert.deepEqual(taken.slice(1), [2592, 1944]);
    assert.ok(answer.away_ms! > 0);
    const [after] = await program.frames(1);
    assert.equal(after!.info.width, 320);
  },
);

test("raw pictures are encoded, and have the size that was asked for", limit, async () => {
  const webcam = new VirtualWebcam();
  await using _ = webcam;
  const node = await webcam.plugIn(0);
  const program = await CameraProgram.start(node, "--mode", "YUYV:320x240:1/15");
  await using _program = program;
  for (const { info, bytes } of await program.frames(3)) {
    assert.equal(info.fourcc, "JPEG");
    assert.equal(info.error, false);
    const { width, height } = inspectJpeg(bytes);
    assert.deepEqual([width, height], [320, 240]);
  }
});

test("a webcam that is unplugged ends the program, with ENODEV", limit, async () => {
  const webcam = new VirtualWebcam();
  await using _ = webcam;
  const node = await webcam.plugIn(0);
  const program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/15");
  await using _program = program;
  await program.frames(1);
  await webcam.unplug();
  await program.ended;
  const last = program.messages.at(-1);
  assert.equal(last?.type, "error");
  assertHas(last, { trouble: { errno: "ENODEV", fatal: true } });
});

test(
  "a picture that the camera says is damaged is flagged; one without an end is whole all the same",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    const node = await webcam.plugIn(0);
    webcam.break("error-flag", 1);
    webcam.break("no-end", 1);
    const program = await CameraProgram.start(node, "--mode", "MJPG:640x480:1/5", "--idle");
    await using _program = program;
    const coming = program.frames(3);
    await program.ask("start");
    const frames = await coming;
    const flags = new Map(frames.map(({ info, bytes }) => [sequenceIn(bytes), info.error]));
    assert.notEqual(flags.get(0), false);
    assert.notEqual(flags.get(1), true);
    for (const { bytes, info } of frames)
      if (!info.error) assert.equal(Buffer.from(bytes).subarray(-2).toString("hex"), "ffd9");
  },
);

test(
  "a control that the camera cannot describe is left out, and those after it are there",
  limit,
  async () => {
    const webcam = new VirtualWebcam();
    await using _ = webcam;
    for (const name of ["brightness", "saturation", "focus_absolute"] as const)
      webcam.controls.break(name);
    const program = await CameraProgram.start(await webcam.plugIn(0), "--idle");
    await using _program = program;
    const names = program.device?.controls.map(({ name }) => name) ?? [];
    for (const name of [
      "Contrast",
      "Hue",
      "Sharpness",
      "Exposure Time, Absolute",
      "Zoom, Absolute",
    ])
      assert.ok(names.includes(name), `${name} is missing: ${names.join()}`);
    for (const name of ["Brightness", "Saturation", "Focus, Absolute"])
      assert.ok(!names.includes(name), name);
    await program.ask("quality 85"); // what was said before has come
    assertHas(
      program.messages.find(({ type }) => type === "error"),
      { trouble: { ioctl: "VIDIOC_QUERY_EXT_CTRL", fatal: false } },
    );
  },
);
