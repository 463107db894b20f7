import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { TEST_MS } from "../limits.ts";
import { assertHas } from "./assert-has.ts";
import { CameraProgram, type ProgramFrame } from "./camera-program.ts";

const limit = { timeout: TEST_MS };
const isLong = Boolean(process.env.THINGSCOPE_LONG);
/** Single-planar and multi-planar. */
const [SINGLE, MULTI] = ["/dev/video0", "/dev/video1"];
const SMALL = "320x180";
/** One of each family; the long form tries all. */
const SHORT = ["YUYV", "NV12", "GREY", "Y16", "RGB3", "XR24", "RGGB", "NM12"];

async function vivid(node: string, ...options: string[]): Promise<CameraProgram> {
  return CameraProgram.start(node, ...options);
}

for (const node of [SINGLE, MULTI]) {
  test(`each format of ${node} that is encoded gives JPEGs of its size`, limit, async () => {
    const program = await vivid(node, "--mode", `YUYV:${SMALL}`);
    await using _ = program;
    const modes = program.device!.modes.filter(
      ({ fourcc, payload }) => payload === "encoded" && (isLong || SHORT.includes(fourcc)),
    );
    assert.ok(modes.length >= 5, `${modes.length} formats`);
    for (const { fourcc } of modes) {
      const answer = await program.ask(`mode ${fourcc} ${SMALL}`);
      assert.ok(answer.ok, `${fourcc}: ${JSON.stringify(answer.error)}`);
      const [frame] = await program.frames(1);
      assert.equal(frame!.info.fourcc, "JPEG", fourcc);
      const { width, height } = inspectJpeg(frame!.bytes);
      assert.deepEqual([width, height], [320, 180], fourcc);
    }
  });
}

test("controls of each numeric type are set and read back", limit, async () => {
  const program = await vivid(SINGLE, "--idle");
  await using _ = program;
  const values: readonly (readonly [name: string, words: string, value: unknown])[] = [
    ["Boolean", "0", false],
    ["Integer 32 Bits", "-2147483648", -2_147_483_648],
    ["Integer 64 Bits", "9007199254740993", "9007199254740993"],
    ["Menu", "4", 4],
    ["Integer Menu", "6", 6],
    ["Bitmask", "0x80002000", 0x8000_2000],
  ];
  for (const [name, words, value] of values) {
    const { id, value: before } = program.control(name);
    const answer = await program.ask(`set ${id}=${words}`);
    assert.ok(answer.ok, `${name}: ${JSON.stringify(answer.error)}`);
    assert.deepEqual(answer.values?.[id], value, name);
    assert.ok((await program.ask(`set ${id}=${Number(before)}`)).ok, name);
  }
});

test("each frame that the driver drops is counted, exactly", limit, async () => {
  const program = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`);
  await using _ = program;
  const { id } = program.control("Percentage of Dropped Buffers");
  await program.ask(`set ${id}=40`);
  const frames = await program.frames(isLong ? 600 : 60);
  await program.ask(`set ${id}=0`);
  assert.deepEqual(miscounted(frames), []);
  assert.ok(frames.some(({ info }) => info.lost > 0));
});

/** Frames whose step of the sequence number is not what they say was lost and replaced before them. */
function miscounted(frames: readonly ProgramFrame[]): string[] {
  return frames.slice(1).flatMap(({ info }, n) => {
    const step = info.sequence - frames[n]!.info.sequence;
    if (step - 1 === info.lost + info.replaced) return [];
    return [`${info.sequence}: a step of ${step}, ${info.lost} lost, ${info.replaced} replaced`];
  });
}

test(
  "errors that the driver gives are answers with the name of the ioctl, and the next try succeeds",
  limit,
  async () => {
    const program = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`, "--idle");
    await using _ = program;
    for (const ioctl of ["REQBUFS", "QBUF", "STREAMON"]) {
      const { id } = program.control(`Inject VIDIOC_${ioctl} Error`);
      await program.ask(`set ${id}=1`);
      const { ok, error } = await program.ask("start");
      assert.equal(ok, false, ioctl);
      assert.match(error!.ioctl, new RegExp(`VIDIOC_(${ioctl}|CREATE_BUFS|STREAMON)`), ioctl);
      const coming = program.frames(1);
      const again = await program.ask("start");
      assert.ok(again.ok, `${ioctl}: ${JSON.stringify(again.error)}`);
      await coming;
      await program.ask("pause");
    }
  },
);

test("a picture that the driver flags as damaged is flagged", limit, async () => {
  const program = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`);
  await using _ = program;
  await program.frames(1);
  const { id } = program.control("Inject V4L2_BUF_FLAG_ERROR");
  const coming = program.frames(20);
  await program.ask(`set ${id}=1`);
  const frames = await coming;
  assert.ok(
    frames.some(({ info }) => info.error),
    "none of 20 frames has the flag",
  );
});

test(
  "after a fatal error of the queue the program streams again, or ends with the reason",
  limit,
  async () => {
    const program = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`);
    await using _ = program;
    await program.frames(1);
    const { id } = program.control("Inject Fatal Streaming Error");
    const told = program.message(({ type }) => type === "error");
    await program.ask(`set ${id}=1`);
    assertHas(await told, { trouble: { errno: "EIO" } });
    await program.frames(3);
  },
);

test(
  "a device that disconnects ends the program with ENODEV, and is opened again",
  limit,
  async () => {
    const program = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`);
    await using _ = program;
    await program.frames(1);
    const { id } = program.control("Disconnect");
    void program.ask(`set ${id}=1`).catch(() => {}); // its answer may not come any more
    await program.ended;
    assertHas(program.messages.at(-1), {
      type: "error",
      trouble: { errno: "ENODEV", fatal: true },
    });
    const again = await vivid(SINGLE, "--mode", `YUYV:${SMALL}`);
    await using _again = again;
    await again.frames(2);
  },
);
