import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import type uPlot from "uplot";
import { shared } from "../style/shared.ts";
import { numberText } from "./units.ts";

const HEIGHT = 132;
/** More points than a curve of this width can show are drawn all the same; single dots are not. */
const MOST_DOTS = 60;

/** Numbers as a curve; the library that draws it is loaded when the first is shown. */
@customElement("value-plot")
export class ValuePlot extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .plot {
        position: relative;
        height: ${HEIGHT}px;
        overflow: hidden;
      }
      .u-wrap {
        position: relative;
        user-select: none;
      }
      .u-over,
      .u-under,
      .u-axis,
      .u-cursor-x,
      .u-cursor-y,
      .u-select,
      .u-cursor-pt {
        position: absolute;
      }
      .u-under {
        overflow: hidden;
      }
      .u-cursor-x,
      .u-cursor-y,
      .u-cursor-pt {
        top: 0;
        left: 0;
        pointer-events: none;
      }
      .u-cursor-x {
        height: 100%;
        border-right: 1px dashed var(--quiet);
      }
      .u-off {
        display: none;
      }
      canvas {
        display: block;
        position: relative;
        width: 100%;
        height: 100%;
      }
      .reading {
        min-height: 1.45em;
        font-size: 12px;
      }
    `,
  ];

  @property({ attribute: false }) accessor x: readonly number[] | undefined;
  @property({ attribute: false }) accessor y: readonly unknown[] = [];
  /** What the numbers are, with their unit. */
  @property() accessor xLabel = "";
  @property() accessor yLabel = "";
  #plot: uPlot | undefined;
  #reading = "";
  readonly #sized = new ResizeObserver(() => this.#resize());

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#sized.disconnect();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.hasUpdated) void this.#draw();
  }

  override updated(changed: PropertyValues<this>): void {
    if (changed.has("x") || changed.has("y")) void this.#draw();
  }

  override render() {
    return html`<div class="plot" role="img" aria-label=${this.#inWords}></div>
      <div class="reading quiet number">${this.#reading}</div>`;
  }

  get #inWords(): string {
    const numbers = this.y.filter((n): n is number => typeof n === "number");
    if (numbers.length === 0) return `${this.yLabel}: no numbers`;
    const [low, high] = rangeOf(numbers);
    return `${this.yLabel || "Curve"}: ${numbers.length} numbers from ${numberText(low)} to ${numberText(high)}`;
  }

  /** In the order of x, as the library wants it. */
  get #data(): [number[], (number | null)[]] {
    if (!this.x) return [this.y.map((_, n) => n + 1), this.y.map(numberOrNull)];
    const { x } = this;
    const order = x.map((_, n) => n).sort((a, b) => (x[a] ?? 0) - (x[b] ?? 0));
    return [order.map((n) => x[n] ?? 0), order.map((n) => numberOrNull(this.y[n]))];
  }

  async #draw(): Promise<void> {
    const { default: Plot } = await import("uplot");
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (!place || !this.isConnected) return;
    if (this.#plot) return this.#plot.setData(this.#data);
    this.#plot = new Plot(this.#options(place.clientWidth || 320), this.#data, place);
    this.#sized.observe(place);
  }

  #resize(): void {
    const place = this.renderRoot.querySelector<HTMLElement>(".plot");
    if (place?.clientWidth) this.#plot?.setSize({ width: place.clientWidth, height: HEIGHT });
  }

  #options(width: number): uPlot.Options {
    const style = getComputedStyle(this);
    const colour = (name: string, otherwise: string) => resolved(this, name) || otherwise;
    const quiet = colour("--quiet", "gray");
    const grid = { stroke: colour("--line", "silver"), width: 1 };
    const axis = { stroke: quiet, grid, ticks: grid, font: `11px ${style.fontFamily}` };
    const stroke = colour("--accent", "teal");
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      scales: { x: { time: false } },
      cursor: { drag: { x: false, y: false }, y: false },
      axes: [
        { ...axis, size: 26 },
        { ...axis, size: labelWidth },
      ],
      series: [{}, { stroke, width: 1.5, points: { show: this.y.length <= MOST_DOTS, size: 5 } }],
      hooks: { setCursor: [(plot) => this.#read(plot)] },
    };
  }

  #read(plot: uPlot): void {
    const { idx } = plot.cursor;
    const x = idx == null ? undefined : plot.data[0][idx];
    const y = idx == null ? undefined : plot.data[1]?.[idx];
    const isThere = typeof x === "number" && typeof y === "number";
    this.#reading = isThere
      ? `${numberText(x)} ${this.xLabel}: ${numberText(y)} ${this.yLabel}`
      : "";
    this.requestUpdate();
  }
}

function numberOrNull(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}

/** A colour as a canvas takes it: not as `light-dark()`. */
function resolved(element: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.shadowRoot?.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

function rangeOf(numbers: readonly number[]): [low: number, high: number] {
  return numbers.reduce<[number, number]>(
    ([low, high], n) => [Math.min(low, n), Math.max(high, n)],
    [Infinity, -Infinity],
  );
}

/** Room for the longest label of a vertical axis, in pixels, at 7 for each character. */
export function labelWidth(_: uPlot, labels: readonly string[] | null): number {
  return 19 + 7 * Math.max(5, ...(labels ?? []).map(({ length }) => length));
}
