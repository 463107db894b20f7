import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { childrenOf } from "./processes.ts";
import { ServedWebcam, until } from "./served-webcam.ts";
import { v4l2Ctl } from "./video-control.ts";
import { sequenceIn } from "./webcam/pictures.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const isLong = Boolean(process.env.THINGSCOPE_LONG);
const limit = { timeout: isLong ? 10 * TEST_MS : 2 * TEST_MS };
/** What is promised of a camera on a desk, and what an emulated machine may take. */
const SEEN_MS = 3 * 2000;
const BACK_MS = 3 * 3000;
/** On a busy machine, that many times what the kernel takes to have a node for what was plugged in. */
const OF_KERNEL = 10;
const FULL_RATE_S = isLong ? 60 : 5;
const CYCLES = isLong ? 20 : 1;
const MODE_CYCLES = isLong ? 10 : 1;
const SMALL = { format: "MJPG", width: 320, height: 240, rate: 15 };

test("a webcam that a server without a configuration has found", limit, async (t) => {
  const [webcam, other] = ["Loose Camera", "Sound Camera"].map(
    (name) => new VirtualWebcam({ name, serial: name.slice(0, 5) }),
  ) as [VirtualWebcam, VirtualWebcam];
  t.after(() => webcam.unplug());
  t.after(() => other.unplug());
  await webcam.plugIn(0);
  await other.plugIn(4);
  const { url, child } = await serveCli(t, await folderWith({}));
  const server = child.pid!;
  const own = await ServedWebcam.of(webcam, "Loose Camera", url, server);
  const sound = await ServedWebcam.of(other, "Sound Camera", url, server);
  for (const { thing } of [own, sound]) await thing.write("mode", SMALL, { signal: patience() });

  await t.test("has its controls in its TD; what is written reaches it", async () => {
    const { properties } = own.thing;
    for (const name of ["brightness", "auto_exposure", "exposure_time_absolute"])
      assert.ok(name in properties, `${name} is missing: ${Object.keys(properties)}`);
    const reached = once(webcam.controls, "set", { signal: patience() });
    await own.thing.write("brightness", -12);
    assert.deepEqual(await reached, ["brightness", -12]);
  });

  await t.test("tells its observers what another program changes", async () => {
    const values: unknown[] = [];
    const end = new AbortController();
    const observing = (async () => {
      for await (const value of own.thing.properties.brightness!.observe(end.signal))
        values.push(value);
    })().catch(() => {}); // aborted
    // Until the subscription holds, a change may come before it.
    let brightness = 20;
    await until(async () => {
      await v4l2Ctl(webcam.node, "-c", `brightness=${brightness++ % 30}`);
      return values.length > 1;
    });
    end.abort();
    await observing;
    const { controls } = webcam;
    await until(async () => (await own.thing.read("brightness")) === controls.get("brightness"));
  });

  await t.test("loses no frame that is not counted, at full rate", async (t) => {
    const counted = async () => {
      const { lost, replaced } = (await own.thing.read("losses")) as Record<string, number>;
      return lost! + replaced!;
    };
    const frames: { sequence: number; index: number }[] = [];
    const before = await counted();
    let end: AbortSignal | undefined;
    for await (const { jpeg, index } of own.thing.frames("mjpeg_stream")) {
      frames.push({ sequence: sequenceIn(jpeg)!, index });
      end ??= AbortSignal.timeout(FULL_RATE_S * 1000);
      if (end.aborted && frames.length > 1) break;
    }
    const [first, last] = [frames[0]!, frames.at(-1)!];
    const sent = last.sequence - first.sequence;
    // A viewer that is too slow skips frames, which their indices tell; the camera's numbers tell the others.
    const lost = sent - (last.index - first.index);
    t.diagnostic(`${sent + 1} frames sent in ${FULL_RATE_S} s, ${lost} lost before the server`);
    assert.ok(lost <= (await counted()) - before, `${lost} lost`);
    assert.ok(frames.every(({ sequence }, n) => n === 0 || sequence > frames[n - 1]!.sequence));
    if (isLong) assert.equal(lost, 0);
  });

  own.watch();
  sound.watch();
  t.after(() => [own, sound].map((camera) => camera.unwatch()));

  await t.test(
    "is seen to be gone, streams soon after its return, and leaves nothing behind",
    async (t) => {
      await own.nextFrame();
      await sound.nextFrame();
      let began: { files: Files; children: number } | undefined;
      const figures: string[] = [];
      for (let cycle = 0; cycle <= CYCLES; cycle++) {
        figures.push(await timesOfReplug(own, cycle % 3));
        await until(() => own.programs().length === 1);
        // The first time makes what is made once.
        if (cycle === 0) began = { files: filesOf(own), children: childrenOf(server).length };
      }
      t.diagnostic(`seen/back of plugged, ms: ${figures.join(" ")}`);
      await until(() => childrenOf(server).length <= began!.children);
      // A file that is being saved is open for a moment, then or now.
      const isMore = ([file, count]: [string, number]) => count > (began!.files.get(file) ?? 0);
      const more = () => [...filesOf(own)].filter(isMore);
      await until(() => more().length === 0).catch(() => assert.deepEqual(more(), []));
    },
  );

  await t.test("is back as soon in a mode that it was given before it was unplugged", async (t) => {
    const figures: string[] = [];
    for (let cycle = 0; cycle < MODE_CYCLES; cycle++) {
      const mode = cycle % 2 ? SMALL : { ...SMALL, width: 640, height: 480 };
      await own.thing.write("mode", mode, { signal: patience() });
      figures.push(await timesOfReplug(own, cycle % 3));
      assert.deepEqual(await own.thing.read("mode", { signal: patience() }), mode);
      assert.equal(webcam.mode.width, mode.width);
    }
    t.diagnostic(`seen/back of plugged, ms: ${figures.join(" ")}`);
  });

  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    await t.test(
      `is replaced when its program gets ${signal}, which is one camera's matter`,
      needsLong(), // vm/v4l2-camera has both in short
      async () => {
        await own.nextFrame();
        await sound.nextFrame();
        const [program] = own.programs();
        process.kill(program!, signal);
        await sound.nextFrame();
        await until(() => !own.programs().includes(program!));
        await own.nextFrame();
        assert.equal(own.programs().length, 1);
        assert.equal(await sound.state(), "streaming");
      },
    );
  }
});

/** Unplugs it and plugs it into `port`. @returns How long it took until that was seen, and until it streamed, of what the kernel took. */
async function timesOfReplug(camera: ServedWebcam, port: number): Promise<string> {
  const { webcam } = camera;
  const gone = until(async () => (await camera.state()) === "disconnected");
  await webcam.unplug();
  const seen = await gone;
  const began = performance.now();
  await webcam.plugIn(port);
  const plugged = performance.now() - began;
  const back = await camera.nextFrame();
  const longest = OF_KERNEL * plugged;
  assert.ok(seen <= Math.max(SEEN_MS, longest), `seen after ${seen} ms`);
  assert.ok(back <= Math.max(BACK_MS, longest), `streams ${back} ms after its return`);
  return [`${Math.round(seen)}/${Math.round(back)}`, Math.round(plugged)].join(" of ");
}

/** How many descriptors there are of each file. */
type Files = ReadonlyMap<string, number>;

/** Sockets come and go with clients; files that have just been closed have no kind. */
function filesOf(camera: ServedWebcam): Files {
  return new Map([...camera.openFiles()].filter(([kind]) => !["socket", "closed"].includes(kind)));
}
