import { css } from "lit";

/** What a picture looks like; the colours over it are for any picture, light or dark. */
export const cameraStyle = css`
  :host {
    display: grid;
    grid-template-rows: minmax(0, 1fr) auto auto;
    min-width: 0;
    min-height: 0;
    overflow: hidden;
    background: var(--panel, #11161c);
    color: var(--text, #dbe2e9);
  }
  .stage {
    position: relative;
    width: 100%;
    height: 100%; /* where there is less room than its shape wants */
    min-height: 0;
    overflow: hidden;
    background: var(--picture, #05070a);
    forced-color-adjust: none; /* what stands over a picture is for any picture */
  }
  .view {
    position: absolute;
    inset: 0;
    touch-action: none;
  }
  :host([compact]) .view {
    touch-action: auto;
  }
  .view:focus-visible {
    outline-offset: -2px;
  }
  canvas.picture,
  .over {
    position: absolute;
    top: 0;
    left: 0;
    transform-origin: 0 0;
  }
  .over {
    overflow: visible;
    pointer-events: none;
  }
  .pixels canvas.picture {
    image-rendering: pixelated;
  }
  .zoomed {
    cursor: grab;
  }
  .line {
    fill: none;
    stroke: #fff;
    stroke-opacity: 0.45;
    vector-effect: non-scaling-stroke;
    paint-order: stroke;
    filter: drop-shadow(0 0 1px #000);
  }
  .strong {
    stroke: #ffd34d;
    stroke-opacity: 0.9;
  }
  .scale-bar {
    position: absolute;
    right: 16px;
    bottom: 14px;
    border-bottom: 3px solid #fff;
    color: #fff;
    font-size: 12px;
    text-align: center;
    text-shadow: 0 0 3px #000;
    white-space: nowrap;
    filter: drop-shadow(0 0 1px #000);
    pointer-events: none;
  }
  .old canvas.picture {
    filter: grayscale(1) brightness(0.5);
  }
  .banner {
    position: absolute;
    inset: 0;
    display: grid;
    align-content: center;
    justify-items: center;
    gap: 8px;
    padding: 12px;
    color: #fff;
    text-align: center;
    pointer-events: none;
  }
  .banner > * {
    max-width: min(36rem, 100%);
    text-shadow: 0 1px 3px #000;
    overflow-wrap: anywhere;
  }
  .banner strong {
    font-size: clamp(16px, 7cqi, 30px);
    font-weight: 600;
    font-variant-numeric: tabular-nums;
    letter-spacing: 0.05em;
  }
  .banner p {
    font-size: clamp(11px, 3.4cqi, 14px);
  }
  .stage {
    container-type: inline-size;
  }
  :host([compact]) .banner p {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 3;
  }
  .banner button {
    pointer-events: auto;
    text-shadow: none;
  }
  .frozen {
    position: absolute;
    top: 10px;
    left: 10px;
    padding: 2px 8px;
    border-radius: 4px;
    background: #1a5fb4;
    color: #fff;
    font-size: 12px;
    letter-spacing: 0.06em;
    pointer-events: none;
  }
  .below {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 2px 16px;
    min-width: 0;
    padding: 4px 12px;
    border-top: 1px solid var(--line, #1f2730);
  }
  .facts {
    display: flex;
    flex: 1 1 auto;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 14px;
    min-width: 0;
    min-height: 32px;
    color: var(--quiet, #8b99a7);
    font-size: 12px;
    white-space: nowrap;
  }
  .word {
    display: inline-flex;
    align-items: center;
    gap: 9px;
    padding-left: 3px;
    color: var(--state, inherit);
  }
  .facts .number {
    color: var(--text, #dbe2e9);
  }
  .rate {
    min-width: 4.2em;
  }
  .age {
    min-width: 4.2em;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 2px;
  }
  .icon {
    width: 32px;
    padding: 0;
    border-color: transparent;
    background: none;
    color: var(--quiet, #8b99a7);
  }
  @media (hover: hover) {
    .icon:hover {
      border-color: var(--accent);
      color: var(--accent);
    }
  }
  .icon svg {
    width: 16px;
    height: 16px;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.4;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  :host([compact]) .below {
    flex-wrap: nowrap;
    padding: 0 8px;
  }
  :host([compact]) .facts {
    flex-wrap: nowrap;
    gap: 0 10px;
    min-height: 26px;
    overflow: hidden;
    container-type: inline-size;
  }
  /* Of a small tile the name and the rate matter most. */
  @container (max-width: 300px) {
    :host([compact]) .age {
      display: none;
    }
  }
  @container (max-width: 240px) {
    :host([compact]) .index {
      display: none;
    }
  }
  .name {
    min-width: 4em;
    overflow: hidden;
    color: var(--text, #dbe2e9);
    text-overflow: ellipsis;
  }
  :host(:fullscreen) {
    width: 100vw;
    height: 100vh;
  }
  @media (max-width: 640px) {
    .facts {
      gap: 0 8px;
    }
    .size {
      display: none;
    }
  }
  @media (pointer: coarse) {
    .tools {
      flex: 1 1 100%;
      flex-wrap: nowrap;
    }
    .icon {
      flex: 1 1 0;
      width: auto;
      max-width: 64px;
      min-width: 0;
    }
  }
`;
