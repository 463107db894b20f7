import { css, html, LitElement, nothing, type PropertyValues } from "lit";
import { customElement, property } from "lit/decorators.js";
import { repeat } from "lit/directives/repeat.js";
import { shared } from "../style/shared.ts";
import { styled } from "../style/styled.ts";
import { fractionOf, type ScanGrid, spanOf } from "./scan-layout.ts";

/** One picture of a scan, as the server tells it. */
export interface ScanTile {
  readonly name: string;
  readonly scan: string;
  readonly column: number;
  readonly row: number;
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly preview: string;
  readonly focus_problem?: string;
}

/** The tiles of a scan where they were taken, what is still to come, and where the stage is. A click on a tile is told as `tile-click`. */
@customElement("scan-map")
export class ScanMap extends LitElement {
  static override styles = [
    shared,
    css`
      :host {
        display: block;
        min-width: 0;
      }
      .map {
        position: relative;
        width: 100%;
        max-height: 320px;
        margin: 0 auto;
        overflow: hidden;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--picture);
      }
      .place,
      button {
        position: absolute;
        display: block;
        min-height: 0;
        padding: 0;
        border: 1px dashed color-mix(in srgb, var(--quiet) 50%, transparent);
        border-radius: 0;
        background: none;
      }
      button {
        border: 0;
      }
      button.unfocused {
        outline: 1px solid var(--stale);
        outline-offset: -1px;
      }
      button:hover,
      button:focus-visible {
        z-index: 2;
        outline: 2px solid var(--accent);
        outline-offset: -2px;
      }
      img {
        display: block;
        width: 100%;
        height: 100%;
        object-fit: cover;
      }
      .here {
        position: absolute;
        z-index: 3;
        width: 10px;
        height: 10px;
        margin: -5px 0 0 -5px;
        border: 2px solid var(--lost);
        border-radius: 50%;
        background: #fff8;
        pointer-events: none;
      }
    `,
  ];

  @property({ attribute: false }) accessor grid!: ScanGrid;
  @property({ attribute: false }) accessor tiles: readonly ScanTile[] = [];
  /** Where the stage is, steps. */
  @property({ attribute: false }) accessor position: { x?: number; y?: number } | undefined;
  /** URL of the Thing: what links are relative to. */
  @property() accessor base = "";
  /** Whether the Thing answers: pictures that could not be fetched are asked for again when it does once more. */
  @property({ type: Boolean }) accessor live = true;
  readonly #failed = new Set<string>();

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has("live") && this.live) this.#failed.clear();
  }

  override render() {
    const { grid, tiles } = this;
    const taken = new Set(tiles.map(({ row, column }) => `${row} ${column}`));
    const all = Array.from({ length: grid.rows * grid.columns }, (_, n) => ({
      row: Math.floor(n / grid.columns),
      column: n % grid.columns,
    }));
    const open = all.filter(({ row, column }) => !taken.has(`${row} ${column}`));
    const { width, height } = spanOf(grid);
    return html`<div class="map" ${styled({ "aspect-ratio": `${width} / ${height}` })}>
      ${open.map((place) => html`<span class="place" ${styled(this.#place(place))}></span>`)}
      ${repeat(
        tiles,
        ({ scan, name }) => `${scan}/${name}`,
        (tile) => this.#tile(tile),
      )}
      ${this.#here()}
    </div>`;
  }

  #tile(tile: ScanTile) {
    const { row, column, x, y, z, focus_problem } = tile;
    const words = `Row ${row + 1}, column ${column + 1}: x ${x}, y ${y}, z ${z}${focus_problem ? `. ${focus_problem}` : ""}`;
    const fail = () => {
      this.#failed.add(tile.preview);
      this.requestUpdate();
    };
    const click = () => this.dispatchEvent(new CustomEvent("tile-click", { detail: tile }));
    return html`<button
      class=${focus_problem ? "unfocused" : ""}
      title="${words}. Go there"
      aria-label="Go to row ${row + 1}, column ${column + 1}"
      @click=${click}
      ${styled(this.#place(tile))}
    >${this.#failed.has(tile.preview) ? nothing : html`<img loading="lazy" alt="" src=${new URL(tile.preview, this.base).href} @error=${fail} />`}</button>`;
  }

  #place({ row, column }: { row: number; column: number }): Record<string, string> {
    const { width, height, tileHeight } = spanOf(this.grid);
    const share = 1 - this.grid.overlap;
    return {
      left: percent((column * share) / width),
      top: percent((row * share * tileHeight) / height),
      width: percent(1 / width),
      height: percent(tileHeight / height),
    };
  }

  #here() {
    const place = this.position && fractionOf(this.grid, this.position);
    if (!place || place.x < 0 || place.x > 1 || place.y < 0 || place.y > 1) return nothing;
    const at = { left: percent(place.x), top: percent(place.y) };
    return html`<span class="here" title="The stage is here" ${styled(at)}></span>`;
  }
}

function percent(share: number): string {
  return `${(100 * share).toFixed(3)}%`;
}
