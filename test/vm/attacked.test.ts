import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../src/base/errors.ts";
import { openTestHost, type TestHost } from "../../src/testing/index.ts";
import { V4L2Camera, type V4L2CameraOptions } from "../../things/index.ts";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { SEED } from "../seed.ts";
import { randomFrom } from "../server/hostile-clients.ts";
import { openFiles, programsOn } from "./processes.ts";
import { ServedWebcam, until } from "./served-webcam.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

const patient = { withinMs: 2 * WAIT_MS };
const STOPPED_MS = 20_000;
const SMALL = { format: "MJPG", width: 320, height: 240, rate: 15 };

/** A camera that is described: that may take longer than it is waited for when it is opened. */
async function opened(kwargs: V4L2CameraOptions) {
  const camera = await openTestHost<V4L2Camera, V4L2CameraOptions>(V4L2Camera, { kwargs });
  await camera.untilProperty("capabilities", isOpen, patient);
  return camera;
}

const isOpen = (value: unknown) => (value as { is_open: boolean }).is_open;
const stateIs = (wanted: string) => (value: unknown) =>
  (value as { state: string }).state === wanted;

test("a program that is killed while its driver waits for the camera costs what was asked of it", {
  timeout: TEST_MS * 2,
}, async () => {
  await using webcam = await VirtualWebcam.pluggedIn(0, { serial: "SN-HELD" });
  await using sound = await VirtualWebcam.pluggedIn(4, { serial: "SN-SOUND" });
  await using camera = await opened({ device: webcam.node, keep_warm: true, mode: SMALL });
  await using other = await opened({ device: sound.node, keep_warm: true, mode: SMALL });
  await camera.untilProperty("state", stateIs("streaming"), patient);
  await other.untilProperty("state", stateIs("streaming"), patient);
  const held = webcam.mute();
  const refused = camera.hosted.writeProperty("brightness", 7).then(() => "", messageOf);
  await held;
  const { pid = 0 } = camera.thing;
  process.kill(pid, "SIGKILL");
  const sent = sound.sent;
  await until(() => sound.sent > sent);
  assert.equal(other.thing.state.state, "streaming");
  assert.match(await refused, /V4L2 camera program ended: .*SIGKILL|did not answer .*Try again/);
  webcam.unmute();
  await until(() => camera.thing.pid !== undefined && camera.thing.pid !== pid);
  await camera.untilProperty("state", stateIs("streaming"), patient);
  await camera.hosted.writeProperty("brightness", 8);
  assert.equal(webcam.controls.get("brightness"), 8);
  await until(() => programsOn(webcam.node, process.pid).length === 1);
});

test("a program that is stopped for 20 s while nobody watches is ended by the first command, and healed", {
  timeout: TEST_MS * 2,
  ...needsLong(),
}, async () => {
  await using webcam = await VirtualWebcam.pluggedIn(0, { serial: "SN-STOPPED" });
  await using camera = await opened({ device: webcam.node, mode: SMALL });
  const { pid = 0 } = camera.thing;
  process.kill(pid, "SIGSTOP");
  const refused = await camera.hosted.writeProperty("brightness", 7).then(() => "", messageOf);
  assert.match(refused, /did not answer within 5 s. .*Try again/);
  await until(() => camera.thing.pid !== undefined && camera.thing.pid !== pid);
  await camera.untilProperty("capabilities", isOpen, patient);
  await camera.hosted.writeProperty("brightness", 8);
  assert.equal(webcam.controls.get("brightness"), 8);

  const second = camera.thing.pid ?? 0;
  assert.notEqual(second, pid);
  process.kill(second, "SIGSTOP");
  await sleep(STOPPED_MS);
  process.kill(second, "SIGCONT");
  await camera.hosted.writeProperty("brightness", 9);
  assert.equal(camera.thing.pid, second, "one that answers again was ended");
  const { width } = await camera.thing.mjpeg_stream.grab(patience());
  assert.equal(width, SMALL.width);
});

test("a server that is stopped for 20 s goes on with the same programs, and carries out what was asked", {
  timeout: TEST_MS * 3,
  ...needsLong(),
}, async (t) => {
  await using webcam = await VirtualWebcam.pluggedIn(0, { name: "Patient Camera", serial: "SN-P" });
  const { url, child } = await serveCli(t, await folderWith({}));
  const server = child.pid!;
  const own = await ServedWebcam.of(webcam, "Patient Camera", url, server);
  await own.thing.write("mode", SMALL, { signal: patience() });
  own.watch();
  t.after(() => own.unwatch());
  await own.nextFrame();
  const before = own.programs();
  const reached = once(webcam.controls, "set", { signal: patience() });
  const write = own.thing.write("brightness", 5, { signal: patience() });
  await reached; // the answer is on its way
  process.kill(server, "SIGSTOP");
  await sleep(STOPPED_MS);
  process.kill(server, "SIGCONT");
  await write;
  await own.nextFrame();
  assert.deepEqual(own.programs(), before);
  assert.equal(await own.state(), "streaming");
});

const CHAOS_MS = 180_000;
const LONGEST_VIEW_MS = 4000;
const VIVID = "/dev/video0";

test("three minutes of errors of the driver at random, of viewers and of values leave a camera that works", {
  timeout: TEST_MS * 4,
  ...needsLong(),
}, async (t) => {
  const random = randomFrom(SEED);
  await using camera = await opened({
    device: VIVID,
    mode: { format: "YUYV", width: 320, height: 180 },
  });
  await camera.thing.mjpeg_stream.grab(patience());
  const faults = faultsOf(camera);
  assert.ok(faults.length >= 6, faults.map(({ name }) => name).join());
  const before = openFiles(process.pid);
  const end = Date.now() + CHAOS_MS;
  const counts = { frames: 0, viewers: 0, writes: 0, refusals: 0, faults: 0 };
  const sentences = new Map<string, number>();
  const note = (error: unknown) => {
    counts.refusals++;
    const sentence = messageOf(error).replace(/\d+/g, "N");
    sentences.set(sentence, (sentences.get(sentence) ?? 0) + 1);
  };
  const inject = async () => {
    while (Date.now() < end) {
      const { name, value } = faults[Math.floor(random() * faults.length)]!;
      counts.faults++;
      if (value) await camera.hosted.writeProperty(name, value(random)).catch(note);
      else await camera.hosted.invoke(name, undefined).ended;
      await sleep(random() * 1500);
    }
  };
  const watch = async () => {
    while (Date.now() < end) {
      counts.viewers++;
      const left = AbortSignal.timeout(Math.floor(random() * LONGEST_VIEW_MS));
      try {
        for await (const _ of camera.thing.mjpeg_stream.frames(left)) counts.frames++;
      } catch {
        // it left
      }
      await sleep(random() * 1000);
    }
  };
  const write = async () => {
    while (Date.now() < end) {
      counts.writes++;
      await camera.hosted.writeProperty("brightness", Math.floor(random() * 255)).catch(note);
      await sleep(random() * 100);
    }
  };
  await Promise.all([inject(), watch(), watch(), watch(), write()]);
  t.diagnostic(JSON.stringify(counts));
  for (const [sentence, count] of sentences) t.diagnostic(`${count} x ${sentence}`);
  for (const sentence of sentences.keys())
    assert.match(sentence, /[Pp]lug |[Tt]ry again|[Ww]atch it|being opened|Close that program/);
  await camera.untilProperty("capabilities", isOpen, patient);
  for (const { name, value } of faults) if (value) await camera.hosted.writeProperty(name, 0);
  await camera.hosted.writeProperty("brightness", 99);
  assert.equal(await camera.hosted.readProperty("brightness"), 99);
  let run = 0;
  for await (const _ of camera.thing.mjpeg_stream.frames(patience())) if (++run === 20) break;
  assert.equal(programsOn(VIVID, process.pid).length, 1);
  const more = () =>
    [...openFiles(process.pid)].filter(
      ([kind, count]) => kind !== "closed" && count > (before.get(kind) ?? 0),
    );
  await until(() => more().length === 0).catch(() => assert.deepEqual(more(), []));
});

interface DriverFault {
  readonly name: string;
  /** Of a property; an action otherwise. */
  readonly value?: (random: () => number) => unknown;
}

/** What vivid has to inject errors. */
function faultsOf({ hosted }: TestHost<V4L2Camera>): DriverFault[] {
  const { properties, actions } = hosted.model;
  const buttons = [...actions.keys()].filter((name) => /^inject|^disconnect/.test(name));
  const dropped = [...properties.keys()].filter((name) => /^percentage_of_dropped/.test(name));
  return [
    ...buttons.map((name) => ({ name })),
    ...dropped.map((name) => ({
      name,
      value: (random: () => number) => Math.floor(random() * 60),
    })),
  ];
}
