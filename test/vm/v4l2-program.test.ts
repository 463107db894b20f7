// The V4L2 program against the kernel's own drivers: vivid, which has every type of control and faults on command, and a webcam.
import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { V4l2Description } from "../../src/sources/v4l2/messages.ts";
import { TEST_MS } from "../limits.ts";
import { builtV4l2Program, runToEnd } from "../native/program.ts";
import { V4l2Session } from "./v4l2-session.ts";
import { v4l2Ctl } from "./video-control.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const limit = { timeout: TEST_MS };
const VIVID = "/dev/video0";
const MULTIPLANAR = "/dev/video1";

function idOf(device: V4l2Description, name: string): number {
  const control = device.controls.find((one) => one.name === name);
  assert.ok(control, `${name} is among the controls`);
  return control.id;
}

async function list(...nodes: string[]): Promise<V4l2Description[]> {
  const { stdout } = await runToEnd([builtV4l2Program(), "list", ...nodes]);
  return JSON.parse(stdout.toString()).devices;
}

test(
  "list has each camera with its modes and controls; a menu has holes where the driver has them",
  limit,
  async () => {
    const devices = await list();
    assert.deepEqual(
      devices.map(({ node }) => node),
      [VIVID, MULTIPLANAR],
    );
    const [device] = devices;
    assert.deepEqual([device!.driver, device!.bus_info], ["vivid", "platform:vivid-000"]);
    const yuyv = device!.modes.find(({ fourcc }) => fourcc === "YUYV");
    assert.equal(yuyv?.payload, "encoded");
    assert.equal(yuyv?.sizes[0]?.type, "discrete");
    assert.ok(yuyv?.sizes[0]?.intervals.some(({ interval }) => interval?.join("/") === "1/30"));
    const menu = device!.controls.find(({ name }) => name === "Menu");
    assert.deepEqual(
      menu?.menu?.map(({ index }) => index),
      [1, 3, 4],
    );
    const types = new Set(device!.controls.map(({ type }) => type));
    for (const type of [
      "integer",
      "boolean",
      "menu",
      "integer-menu",
      "bitmask",
      "button",
      "integer64",
      "string",
      "u8",
      "u16",
      "u32",
      "area",
    ])
      assert.ok(types.has(type), type);
  },
);

test(
  "a value of each type is set and read back, several at once, and refusals name their control",
  limit,
  async () => {
    await using session = new V4l2Session(VIVID, "--idle");
    const device = await session.device();
    const values: [string, string, unknown][] = [
      ["Brightness", "200", 200],
      ["Integer 64 Bits", "-9007199254740993", "-9007199254740993"],
      ["Boolean", "0", false],
      ["Menu", "4", 4],
      ["Integer Menu", "3", 3],
      ["Bitmask", "0x80002000", 0x80002000],
      ["String", "a%20%C3%A9", "a é"],
      ["Area", "17x31", { width: 17, height: 31 }],
      ["U32 1 Element Array", "77", [77]],
      ["U32 Dynamic Array", "11,22,33", [11, 22, 33]],
      ["Button", "", null],
    ];
    const text = values.map(([name, value]) => `${idOf(device, name)}=${value}`).join(" ");
    const { ok, values: now } = await session.command(`set ${text}`);
    assert.equal(ok, true);
    for (const [name, , value] of values) assert.deepEqual(now?.[idOf(device, name)], value, name);
    const menu = idOf(device, "Menu");
    const brightness = idOf(device, "Brightness");
    const hole = await session.command(`set ${brightness}=7 ${menu}=2`);
    assert.deepEqual([hole.ok, hole.error?.ioctl], [false, "VIDIOC_S_EXT_CTRLS"]);
    assert.equal(hole.values?.[menu], 4);
    const readOnly = idOf(device, "Read-Only Integer 32 Bits");
    const refused = await session.command(`set ${readOnly}=1`);
    assert.deepEqual([refused.error?.errno, refused.error?.id], ["EACCES", readOnly]);
    const wrong = await session.command(`set ${brightness}=much`);
    assert.deepEqual([wrong.error?.ioctl, wrong.error?.id], ["command", brightness]);
    const unknown = await session.command("get 12345");
    assert.deepEqual([unknown.ok, unknown.error?.errno], [false, "EINVAL"]);
  },
);

test(
  "a control that another program changes is told, and so is one that becomes inactive",
  limit,
  async () => {
    await using session = new V4l2Session(VIVID, "--idle");
    const device = await session.device();
    const [brightness, gain] = [idOf(device, "Brightness"), idOf(device, "Gain")];
    await v4l2Ctl(VIVID, "-c", "brightness=77");
    const told = await session.next("control", ({ change }) => change.id === brightness);
    assert.deepEqual([told.change.changes, told.change.value], [["value"], 77]);
    await v4l2Ctl(VIVID, "-c", "gain_automatic=0");
    const active = await session.next("control", ({ change }) => change.id === gain);
    assert.ok(active.change.changes.includes("flags"));
    assert.ok(!active.change.flags?.includes("inactive"));
    await v4l2Ctl(VIVID, "-c", "gain_automatic=1");
    const inactive = await session.next(
      "control",
      ({ change }) => change.id === gain && change.flags?.includes("inactive") === true,
    );
    assert.ok(inactive.change.changes.includes("flags"));
  },
);

test(
  "a mode that is refused leaves the old one streaming, and one that is taken says how long the picture was away",
  limit,
  async () => {
    await using session = new V4l2Session(VIVID, "--mode", "YUYV:320x180:1/15");
    const device = await session.device();
    const inject = (name: string) =>
      session.command(`set ${idOf(device, `Inject ${name} Error`)}=`);
    // The picture is looked at: another test may have left it dark.
    for (const { id, name, default: usual } of device.controls)
      if (/^(Brightness|Contrast|Saturation|Hue)$/.test(name))
        assert.equal((await session.command(`set ${id}=${usual}`)).ok, true);
    await session.frame();
    const offered = await session.command("mode MJPG 320x180");
    assert.deepEqual(
      [offered.ok, offered.error?.ioctl, offered.error?.offers?.fourcc, offered.away_ms],
      [false, "VIDIOC_TRY_FMT", "YUYV", 0],
    );
    for (const ioctl of ["VIDIOC_REQBUFS", "VIDIOC_STREAMON"]) {
      await inject(ioctl);
      const refused = await session.command("mode UYVY 640x360 1/15");
      assert.deepEqual([refused.ok, refused.error?.ioctl], [false, ioctl]);
      assert.deepEqual([refused.format?.fourcc, refused.format?.width], ["YUYV", 320]);
      assert.ok((refused.away_ms ?? 0) > 0);
      assert.equal((await session.frame()).info.width, 320);
    }
    const taken = await session.command("mode UYVY 640x360 1/30");
    assert.deepEqual(
      [taken.ok, taken.format?.fourcc, taken.format?.interval],
      [true, "UYVY", [1, 30]],
    );
    assert.ok((taken.away_ms ?? 0) > 0);
    const { payload } = await session.frame(({ width }) => width === 640);
    const { width, height } = await sharp(payload).metadata();
    assert.deepEqual([width, height], [640, 360]);
    // The bars of vivid are of the limited range: their black is 16, and of a JPEG it is 0.
    const { channels } = await sharp(payload).stats();
    for (const { min, max } of channels) assert.ok(min <= 6 && max >= 180, `${min} to ${max}`);
  },
);

test(
  "a still of another size comes by a switch, whether or not it streams, and one of the same size without",
  limit,
  async () => {
    await using session = new V4l2Session(VIVID, "--mode", "YUYV:320x180:1/30");
    await session.device();
    const away = await session.command("still YUYV 1280x720 1");
    assert.equal(away.ok, true);
    assert.ok((away.away_ms ?? 0) > 0);
    const still = await session.frame(({ still }) => still !== undefined);
    assert.deepEqual([still.info.still, still.info.width], [1, 1280]);
    assert.equal((await sharp(still.payload).metadata()).height, 720);
    const here = await session.command("still YUYV 320x180");
    assert.deepEqual([here.ok, here.away_ms], [true, 0]);
    assert.equal((await session.frame(({ still }) => still === 2)).info.width, 320);
    await session.command("pause");
    const idle = await session.command("still YUYV 640x360");
    assert.deepEqual([idle.ok, idle.away_ms, idle.format?.width], [true, null, 320]);
    assert.equal((await session.frame(({ still }) => still === 4)).info.width, 640);
    assert.equal((await session.command("start")).ok, true);
    assert.equal((await session.frame(({ still }) => still === undefined)).info.width, 320);
  },
);

test(
  "dropped buffers, broken ones and failing streams are told, and the stream goes on; a removed device ends it with 3",
  limit,
  async () => {
    await using session = new V4l2Session(VIVID, "--mode", "YUYV:320x180:1/30");
    const device = await session.device();
    const press = (name: string) => session.command(`set ${idOf(device, name)}=`);
    // A frame that is replaced by a newer one is not seen.
    for (let isSeen = false; !isSeen; ) {
      await press("Inject V4L2_BUF_FLAG_ERROR");
      for (let n = 0; n < 4 && !isSeen; n++) isSeen = (await session.frame()).info.error;
    }
    await session.command(`set ${idOf(device, "Percentage of Dropped Buffers")}=50`);
    assert.ok(await session.frame(({ lost }) => lost > 0));
    await session.command(`set ${idOf(device, "Percentage of Dropped Buffers")}=0`);
    await press("Inject Fatal Streaming Error");
    assert.equal((await session.next("error")).trouble.fatal, false);
    await session.frame();
    await press("Inject VIDIOC_QBUF Error");
    await session.next("error", ({ trouble }) => trouble.ioctl === "VIDIOC_QBUF" && !trouble.fatal);
    await session.frame();
    await press("Disconnect");
    const gone = await session.next("error", ({ trouble }) => trouble.fatal === true);
    assert.equal(gone.trouble.errno, "ENODEV");
    assert.equal(await session.ended, 3);
  },
);

test(
  "a device with several planes for a picture is encoded, and handed on with all of them",
  limit,
  async () => {
    for (const fourcc of ["NM12", "YM12", "YUYV"]) {
      await using encoding = new V4l2Session(MULTIPLANAR, "--mode", `${fourcc}:320x180:1/30`);
      const { payload } = await encoding.frame();
      assert.equal((await sharp(payload).metadata()).width, 320, fourcc);
    }
    await using raw = new V4l2Session(MULTIPLANAR, "--raw", "--mode", "NM12:320x180:1/30");
    const { info, payload } = await raw.frame();
    assert.deepEqual(
      [info.fourcc, info.stride, payload.length],
      ["NM12", 320, (320 * 180 * 3) / 2],
    );
  },
);

test(
  "JPEGs of a webcam are passed on byte for byte with their numbers, in 3 MB; without the cable it ends with 3",
  limit,
  async () => {
    await using webcam = new VirtualWebcam({ name: "Program Camera" });
    const node = await webcam.plugIn(0);
    await using session = new V4l2Session(node, "--mode", "MJPG:640x480:1/30");
    const device = await session.device();
    assert.equal(device.card, "Program Camera");
    let last: number | undefined;
    for (let n = 0; n < 20; n++) {
      const { info, payload } = await session.frame();
      assert.deepEqual([info.fourcc, info.clock, info.error], ["JPEG", "monotonic", false]);
      assert.deepEqual([...payload.subarray(-2)], [0xff, 0xd9]);
      const number = sequenceIn(Buffer.from(payload)) ?? Number.NaN;
      const missed = last === undefined ? 0 : number - last - 1;
      if (last !== undefined) assert.equal(missed, info.lost + info.replaced, "each is told");
      last = number;
    }
    const [kB] = [await session.ownMemory()];
    assert.ok(kB < 3 * 1024, `${kB} kB of its own`);
    const { ok } = await session.command(`set ${idOf(device, "Brightness")}=13`);
    assert.equal(ok, true);
    assert.equal(
      (await session.next("control", ({ change }) => change.value === 13)).type,
      "control",
    );
    const still = await session.command("still MJPG 1280x720");
    assert.equal(still.ok, true);
    assert.equal((await session.frame(({ still }) => still !== undefined)).info.width, 1280);
    await webcam.unplug();
    assert.equal(await session.ended, 3);
  },
);
