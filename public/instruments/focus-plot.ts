import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import type uPlot from "uplot";
import { labelWidth, ValuePlot } from "../schema/value-plot.ts";
import { shared } from "../style/shared.ts";

/** Sharpness over height of one run. */
export interface FocusCurve {
  readonly run: number;
  readonly state: string;
  readonly measure: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly peak: number | null;
}

const HEIGHT = 150;

/** The curve of autofocus as it runs, its peak, and behind it those of the runs before. */
@customElement("focus-plot")
export class FocusPlot extends LitElement {
  static override styles = [
    shared,
    ...[ValuePlot.styles].flat(),
    css`
      .plot {
        height: ${HEIGHT}px;
      }
    `,
  ];

  @property({ attribute: false }) accessor curve: FocusCurve | undefined;
  /** Of the same measure, oldest first. */
  @property({ attribute: false }) accessor earlier: readonly FocusCurve[] = [];
  #plot: uPlot | undefined;
  #series = 0;
  readonly #sized = new ResizeObserver(() => this.#resize());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sized.disconnect();
    this.#forget();
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#draw();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("curve") || changed.has("earlier")) void this.#draw();
  }

  override render() {
    const { points = [], peak = null } = this.curve ?? {};
    const words = `Sharpness over z: ${points.length} points${peak === null ? "" : `, peak at ${peak} steps`}`;
    return html`<div class="plot" role="img" aria-label=${words}></div>`;
  }

  async #draw(): Promise<void> {
    const { default: Plot } = await import("uplot");
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (!place || !this.isConnected) return;
    const curves = [...this.earlier, ...(this.curve ? [this.curve] : [])];
    const tables = curves.map(tableOf).filter(([x]) => x.length > 0);
    const data = tables.length > 0 ? Plot.join(tables) : ([[], []] as uPlot.AlignedData);
    if (this.#series !== data.length) this.#forget();
    this.#series = data.length;
    if (this.#plot) return this.#plot.setData(data);
    const options = this.#options(place.clientWidth || 320, data.length - 1);
    this.#plot = new Plot(options, data, place);
    this.#sized.observe(place);
  }

  #forget(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  #resize(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (place?.clientWidth) this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT });
  }

  #options(width: number, curves: number): uPlot.Options {
    const { fontFamily } = getComputedStyle(this);
    const grid = { stroke: this.#colour("--line"), width: 1 };
    const axis = { stroke: this.#colour("--quiet"), grid, ticks: grid, font: `11px ${fontFamily}` };
    const old = { stroke: this.#colour("--edge"), width: 1, points: { show: false } };
    const now = { stroke: this.#colour("--accent"), width: 2, points: { show: true, size: 4 } };
    const series = Array.from({ length: curves }, (_, n) => ({
      ...(n === curves - 1 ? now : old),
      spanGaps: true,
    }));
    return {
      ...{ width, height: HEIGHT, legend: { show: false } },
      scales: { x: { time: false } },
      cursor: { show: false },
      axes: [
        { ...axis, size: 26 },
        { ...axis, size: labelWidth },
      ],
      series: [{}, ...series],
      hooks: { draw: [(plot) => this.#markPeak(plot)] },
    };
  }

  #markPeak(plot: uPlot): void {
    const peak = this.curve?.peak;
    if (peak == null) return;
    const x = plot.valToPos(peak, "x", true);
    const { left, top, width, height } = plot.bbox;
    if (x < left || x > left + width) return;
    const { ctx } = plot;
    ctx.save();
    ctx.strokeStyle = this.#colour("--live");
    ctx.fillStyle = this.#colour("--live");
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([4 * devicePixelRatio, 3 * devicePixelRatio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
    ctx.font = `${11 * devicePixelRatio}px sans-serif`;
    const isRight = x > left + width / 2;
    ctx.textAlign = isRight ? "right" : "left";
    const gap = 5 * devicePixelRatio;
    ctx.fillText(`z ${Math.round(peak)}`, x + (isRight ? -gap : gap), top + 12 * devicePixelRatio);
    ctx.restore();
  }

  /** As a canvas takes it: not as `light-dark()`. */
  #colour(name: string): string {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    this.shadowRoot?.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }
}

/** In the order of x, each x once, as the library wants it. */
function tableOf({ points }: FocusCurve): [number[], number[]] {
  const byHeight = new Map(points.map(({ x, y }) => [x, y]));
  const sorted = [...byHeight].sort(([a], [b]) => a - b);
  return [sorted.map(([x]) => x), sorted.map(([, y]) => y)];
}
