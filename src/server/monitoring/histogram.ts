import type { MetricSample } from "./prometheus-text.ts";

/** How often a quantity was up to each of some bounds, as Prometheus' histograms have it. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds - Rising; what is above the last is counted as infinite. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const place = this.#bounds.findIndex((bound) => value <= bound);
    const at = place < 0 ? this.#bounds.length : place;
    this.#counts[at] = this.#counts[at]! + 1;
    this.#sum += value;
  }

  get samples(): MetricSample[] {
    let count = 0;
    const buckets = this.#counts.map((more, n) => {
      count += more;
      const le = String(this.#bounds[n] ?? "+Inf");
      return { suffix: "_bucket", labels: { le }, value: count };
    });
    return [...buckets, { suffix: "_sum", value: this.#sum }, { suffix: "_count", value: count }];
  }
}
