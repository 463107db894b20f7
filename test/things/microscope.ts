import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { detachedInvocation, ThingHost } from "thingscope";
import { Autofocus, SimulatedCamera, SimulatedStage } from "../../things/index.ts";
import { SimulatedOptics } from "../../things/optics/simulated-optics.ts";

/** The simulated microscope, open, with its stage `offset` steps from the focus that only the seed knows. */
export async function microscope({ seed, offset }: { seed: number; offset: number }) {
  const focus = new SimulatedOptics({ seed }).focusAt(0, 0);
  const stage = new SimulatedStage({ start: { z: Math.round(focus + offset) } });
  const camera = new SimulatedCamera({ seed });
  const autofocus = new Autofocus();
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("stage", stage);
  host.add("camera", camera);
  host.add("autofocus", autofocus);
  await host.open();
  /** Moves the stage to some steps off its focus. */
  const goTo = async (steps: number) => {
    await stage.move_absolute({ z: Math.round(focus + steps) }, detachedInvocation());
  };
  return { goTo, host, stage, camera, autofocus, focus, [Symbol.asyncDispose]: () => host.close() };
}

/** 1000 steps a second, 30 frames a second. */
export const SAMPLING_INTERVAL = 1000 / 30;
