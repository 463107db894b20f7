import { css, html, LitElement, type PropertyValues } from "lit";
import { customElement, property, query } from "lit/decorators.js";
import type { Measures } from "../frames/messages.ts";
import { shared } from "../style/shared.ts";

/** So many values of the focus measure are shown: 24 s. */
const MOST = 120;

/** The histogram of a picture, and its focus measure as it changes. */
@customElement("picture-measures")
export class PictureMeasures extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: 4px 16px;
        padding: 8px 12px;
        border-top: 1px solid var(--line);
        color: var(--text);
      }
      canvas {
        display: block;
        width: 100%;
        height: 56px;
        color: var(--accent);
      }
      p {
        display: flex;
        justify-content: space-between;
        gap: 8px;
        color: var(--quiet);
        font-size: 12px;
        white-space: nowrap;
      }
    `,
  ];

  @property({ attribute: false }) accessor measures: Measures | undefined;
  @query(".histogram") accessor histogramCanvas!: HTMLCanvasElement;
  @query(".focus") accessor focusCanvas!: HTMLCanvasElement;
  readonly #focuses: number[] = [];

  override willUpdate(changed: PropertyValues<this>): void {
    if (!changed.has("measures") || !this.measures) return;
    this.#focuses.push(this.measures.focus);
    if (this.#focuses.length > MOST) this.#focuses.shift();
  }

  override updated(): void {
    if (!this.measures) return;
    drawLine(this.histogramCanvas, [...this.measures.histogram].map(Math.sqrt), true);
    drawLine(this.focusCanvas, this.#focuses, false);
  }

  override render() {
    const { histogram, focus = 0 } = this.measures ?? {};
    const clipped = histogram ? clippedShare(histogram) : 0;
    const best = Math.max(0, ...this.#focuses);
    return html`
      <div>
        <canvas class="histogram" role="img" aria-label="Histogram of brightness"></canvas>
        <p>
          <span>Histogram</span>
          <span class="number">${clipped > 0 ? `${(100 * clipped).toFixed(1)} % clipped` : "none clipped"}</span>
        </p>
      </div>
      <div>
        <canvas class="focus" role="img" aria-label="Focus measure over time"></canvas>
        <p>
          <span>Focus, best ${best.toPrecision(3)}</span><span class="number">${focus.toPrecision(3)}</span>
        </p>
      </div>
    `;
  }
}

/** Of what is white altogether: there the sensor, or the light, was at its limit. */
function clippedShare(histogram: Uint32Array): number {
  const all = histogram.reduce((sum, count) => sum + count, 0);
  return all === 0 ? 0 : histogram[255]! / all;
}

function drawLine(canvas: HTMLCanvasElement, values: readonly number[], isFilled: boolean): void {
  const pen = canvas.getContext("2d");
  if (!pen) return;
  const width = Math.round(canvas.clientWidth * devicePixelRatio);
  const height = Math.round(canvas.clientHeight * devicePixelRatio);
  canvas.width = width;
  canvas.height = height;
  const least = isFilled ? 0 : Math.min(...values);
  const span = Math.max(...values) - least || 1;
  const steps = (isFilled ? values.length : MOST) - 1;
  const start = steps - values.length + 1;
  const { color } = getComputedStyle(canvas);
  pen.beginPath();
  if (isFilled) pen.moveTo(0, height);
  for (const [n, value] of values.entries()) {
    pen.lineTo(((start + n) * width) / steps, height - 1 - ((height - 3) * (value - least)) / span);
  }
  if (isFilled) pen.lineTo(width, height);
  pen.lineWidth = 1.5 * devicePixelRatio;
  pen.strokeStyle = color;
  pen.fillStyle = color;
  if (isFilled) pen.fill();
  else pen.stroke();
}
