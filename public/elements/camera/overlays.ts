import { html, nothing, svg } from "lit";
import type { Zoom } from "../../frames/zoom.ts";
import { distance, roundBelow } from "../../style/quantities.ts";
import { styled } from "../../style/styled.ts";

/** A scale bar is as long as this at most, CSS pixels. */
const BAR_PX = 140;
const PARTS = 6;

/** What is drawn over a picture, in its place however it is zoomed. */
export function overlays(zoom: Zoom, hasGrid: boolean, hasCrosshair: boolean) {
  const { width, height } = zoom.picture;
  if (width === 0 || !(hasGrid || hasCrosshair)) return nothing;
  return html`<svg
    class="over"
    viewBox="0 0 ${width} ${height}"
    ${styled(placeOf(zoom))}
    aria-hidden="true"
  >
    ${hasGrid ? gridOf(width, height) : nothing} ${hasCrosshair ? crosshairOf(width, height) : nothing}
  </svg>`;
}

/** Where a picture is in its box. */
export function placeOf({ scale, corner, picture }: Zoom): Record<string, string> {
  if (scale === 0) return {};
  return {
    width: `${picture.width * scale}px`,
    height: `${picture.height * scale}px`,
    transform: `translate(${corner.x}px, ${corner.y}px)`,
  };
}

/** @param pixelSize - Micrometres for each pixel of the picture. */
export function scaleBar({ scale }: Zoom, pixelSize: number | undefined) {
  if (scale === 0 || !pixelSize || !(pixelSize > 0)) return nothing;
  const micrometres = roundBelow((BAR_PX / scale) * pixelSize);
  const width = `${(micrometres / pixelSize) * scale}px`;
  return html`<div class="scale-bar" ${styled({ width })}>${distance(micrometres)}</div>`;
}

function gridOf(width: number, height: number) {
  const side = Math.max(width, height) / PARTS;
  const across = Array.from({ length: Math.ceil(width / side) - 1 }, (_, n) => (n + 1) * side);
  const down = Array.from({ length: Math.ceil(height / side) - 1 }, (_, n) => (n + 1) * side);
  return [
    ...across.map((x) => svg`<path class="line" d="M ${x} 0 V ${height}" />`),
    ...down.map((y) => svg`<path class="line" d="M 0 ${y} H ${width}" />`),
  ];
}

function crosshairOf(width: number, height: number) {
  const [x, y] = [width / 2, height / 2];
  const radius = Math.min(width, height) / 24;
  return svg`
    <path class="line strong" d="M ${x} 0 V ${height} M 0 ${y} H ${width}" />
    <circle class="line strong" cx=${x} cy=${y} r=${radius} />`;
}
