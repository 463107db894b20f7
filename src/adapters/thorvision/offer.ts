import type { VariantOptions } from "../../streams/stream-request.ts";
import { type Capability, capabilityText, JPEG } from "./capability.ts";

/** A camera's current size in pixels, and frames per second. */
export interface CameraMode {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

const DIVISORS = [1, 2, 4];
const SLOWER_RATES = [15, 5, 1];
const NARROWEST = 160; // pixels
const USUAL_RATES = [1, 2, 5, 10, 15, 20, 24, 25, 30, 50, 60, 90, 100, 120, 200, 240];
const NEAR = 0.1; // a measured rate this close to a usual one is rounded to it
const CHANGED = 0.2; // smaller changes are measurement noise

/** A camera's capabilities: its own size and rate, half and a quarter of the size, and lower rates. Smaller sizes are re-encoded here. */
export class Offer {
  readonly #offered = new Map<string, VariantOptions>();
  #mode: CameraMode | undefined;

  /** The capabilities of a camera whose mode was measured; each is accepted while the camera keeps its size. */
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
        this.#offered.set(capabilityText(capability), { ...smaller, ...slower });
        return capability;
      }),
    );
  }

  /** The stream variant for a capability; undefined if it was not offered. */
  find(capability: Capability): VariantOptions | undefined {
    return this.#offered.get(capabilityText(capability));
  }

  /** Keeps an offered rate until the camera's clearly differs: two measurements are never identical. */
  #steady({ width, height, fps }: CameraMode): CameraMode {
    const before = this.#mode;
    const isSameSize = before?.width === width && before.height === height;
    if (!isSameSize) this.#offered.clear();
    const isSameRate = before && Math.abs(fps - before.fps) <= CHANGED * before.fps;
    if (!isSameSize || !isSameRate) this.#mode = { width, height, fps: usualRate(fps) };
    return this.#mode ?? { width, height, fps };
  }
}

function isWhole({ width, height }: CameraMode, by: number): boolean {
  return width % by === 0 && height % by === 0 && width / by >= NARROWEST;
}

/** @returns A whole number of frames per second, from 1. */
function usualRate(fps: number): number {
  const distance = (rate: number) => Math.abs(rate - fps) / rate;
  const nearest = USUAL_RATES.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  return distance(nearest) <= NEAR ? nearest : Math.max(1, Math.round(fps));
}
