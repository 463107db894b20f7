import { html, svg } from "lit";

const PATHS = {
  in: "M11 11 15 15M7 4.5v5M4.5 7h5M12.5 7a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0Z",
  out: "M11 11 15 15M4.5 7h5M12.5 7a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0Z",
  fit: "M1.5 5V1.5H5M11 1.5h3.5V5M14.5 11v3.5H11M5 14.5H1.5V11M5.5 5.5h5v5h-5Z",
  grid: "M1.5 1.5h13v13h-13ZM6 1.5v13M10.5 1.5v13M1.5 6h13M1.5 10.5h13",
  crosshair: "M8 .5v15M.5 8h15M12 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0Z",
  measures: "M1.5 14.5h13M3 14V9M6 14V4M9 14V7M12 14v-3",
  freeze: "M5 2.5v11M11 2.5v11",
  thaw: "M4 2.5 13 8l-9 5.5Z",
  save: "M8 1.5v9M4.5 7 8 10.5 11.5 7M1.5 12v2.5h13V12",
  full: "M1.5 5V1.5H5M11 1.5h3.5V5M14.5 11v3.5H11M5 14.5H1.5V11",
} as const;

export type IconName = keyof typeof PATHS;

/** A button of a picture: an icon with a name for those who do not see it. */
export function iconButton(icon: IconName, name: string, onClick: () => void, isOn?: boolean) {
  return html`<button
    type="button"
    class="icon"
    aria-label=${name}
    title=${name}
    .ariaPressed=${isOn === undefined ? null : String(isOn)}
    @click=${onClick}
  >
    <svg viewBox="0 0 16 16" aria-hidden="true">${svg`<path d=${PATHS[icon]} />`}</svg>
  </button>`;
}
