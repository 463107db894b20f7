import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { detachedInvocation, ThingHost } from "thingscope";
import { Autofocus, SimulatedCamera, SimulatedStage } from "../../things/index.ts";
import { seededRandom, uniform } from "../../things/optics/seeded-random.ts";
import { SimulatedOptics } from "../../things/optics/simulated-optics.ts";
import { patience } from "../limits.ts";
import { waitForFramesOf } from "./frame-clock.ts";

/**
 * The simulated microscope, open, with its stage `offset` steps from a focus that only the seed knows. The clock waits for its
 * frames.
 */
export async function microscope({ seed, offset }: { seed: number; offset: number }) {
  // Another seed chooses the focal plane, so that one slide, which takes time to make, serves all tests of a file.
  const focal_plane = Math.round(uniform(seededRandom(seed), -3000, 3000));
  const focus = new SimulatedOptics({ focalPlane: focal_plane }).focusAt(0, 0);
  const stage = new SimulatedStage({ start: { z: Math.round(focus + offset) } });
  const camera = new SimulatedCamera({ focal_plane });
  const autofocus = new Autofocus();
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("stage", stage);
  host.add("camera", camera);
  host.add("autofocus", autofocus);
  await host.open();
  const endWaiting = waitForFramesOf(camera);
  /** Moves the stage to some steps off its focus. */
  const goTo = async (steps: number) => {
    await stage.move_absolute({ z: Math.round(focus + steps) }, detachedInvocation());
  };
  const close = async () => {
    endWaiting();
    await host.close();
  };
  return { goTo, host, stage, camera, autofocus, focus, close, [Symbol.asyncDispose]: close };
}

/** The same once its camera gives frames, and its whole slide is there: a sweep does not wait for it. */
export async function warmMicroscope(options: { seed: number; offset: number }) {
  const scope = await microscope(options);
  await new SimulatedOptics().whole();
  await scope.camera.mjpeg_stream.grab(patience());
  return scope;
}

/** 1000 steps a second, 30 frames a second. */
export const SAMPLING_INTERVAL = 1000 / 30;
