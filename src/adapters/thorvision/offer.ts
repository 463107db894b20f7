import type { VariantOptions } from "../../streams/stream-request.ts";
import { type Capability, capabilityText, JPEG } from "./capability.ts";

/** What a camera gives now: pixels, and frames a second. */
export interface CameraMode {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

const DIVISORS = [1, 2, 4];
const SLOWER_RATES = [15, 5, 1];
const NARROWEST = 160; // pixels
const USUAL_RATES = [1, 2, 5, 10, 15, 20, 24, 25, 30, 50, 60, 90, 100, 120, 200, 240];
const NEAR = 0.1; // a measured rate this close to a usual one is taken for it
const CHANGED = 0.2; // less is the unsteadiness of the measurement

/** What a camera offers: its own size and rate, half and a quarter of the size, and lower rates. A smaller size is encoded here once more. */
export class Offer {
  readonly #wordings = new Map<string, VariantOptions>();
  #mode: CameraMode | undefined;

  /** The capabilities of a camera that works in `mode` now; each is accepted as long as the camera keeps its size. */
  capabilities(measured: CameraMode): Capability[] {
    const mode = this.#steady(measured);
    const sizes = DIVISORS.filter((by) => by === 1 || isWhole(mode, by));
    const rates = [mode.fps, ...SLOWER_RATES.filter((rate) => rate < mode.fps)];
    return sizes.flatMap((size) =>
      rates.map((fps) => {
        const capability = {
          ...{ media_type: JPEG, format: "", width: mode.width / size },
          ...{ height: mode.height / size, framerate: `${fps}/1` },
        };
        const smaller = size === 1 ? {} : { width: capability.width };
        const slower = fps === mode.fps ? {} : { fps };
        this.#wordings.set(capabilityText(capability), { ...smaller, ...slower });
        return capability;
      }),
    );
  }

  /** What to make of the stream for a capability; undefined when it was not offered. */
  find(capability: Capability): VariantOptions | undefined {
    return this.#wordings.get(capabilityText(capability));
  }

  /** A rate that was offered stays until the camera's is another: two measurements are never quite the same. */
  #steady({ width, height, fps }: CameraMode): CameraMode {
    const before = this.#mode;
    const isSameSize = before?.width === width && before.height === height;
    if (!isSameSize) this.#wordings.clear();
    const isSameRate = before && Math.abs(fps - before.fps) <= CHANGED * before.fps;
    if (!isSameSize || !isSameRate) this.#mode = { width, height, fps: usualRate(fps) };
    return this.#mode ?? { width, height, fps };
  }
}

function isWhole({ width, height }: CameraMode, by: number): boolean {
  return width % by === 0 && height % by === 0 && width / by >= NARROWEST;
}

/** @returns A whole number of frames a second, from 1. */
function usualRate(fps: number): number {
  const distance = (rate: number) => Math.abs(rate - fps) / rate;
  const nearest = USUAL_RATES.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(nearest) <= NEAR ? nearest : Math.max(1, Math.round(fps));
}
