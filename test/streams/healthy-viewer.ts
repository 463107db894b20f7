import { now } from "../../src/base/clock.ts";
import { Watcher } from "./watching.ts";

/** Counts parts, those that it missed, and how old each is on arrival; keeps no bytes. */
export class HealthyViewer extends Watcher {
  /** How old each frame was on arrival, ms. */
  readonly ages: number[] = [];
  received = 0;
  missed = 0;
  /** Index of the newest frame; it begins with the first that comes. */
  newest: number | undefined;

  /** @param version - Of HTTP: a proxy sends chunks in 1.1, which are not read here. */
  constructor(port: number, path: string, version = "1.1") {
    super(port, path, [], version);
    this.socket.on("data", () => {
      for (const { headers } of this.parts) {
        const index = Number(headers.get("x-frame-index"));
        this.missed += index - (this.newest ?? index - 1) - 1;
        this.newest = index;
        this.received += 1;
        this.ages.push(now() - Number(headers.get("x-timestamp")) * 1000);
      }
      this.parts.length = 0;
    });
  }

  /** The age that 99 of 100 frames had at most, ms. */
  get ageP99(): number {
    const sorted = [...this.ages].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.99)] ?? Number.NaN;
  }
}
