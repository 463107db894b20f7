import { css } from "lit";

/** What the player looks like. */
export const playerStyle = css`
  :host {
    display: grid;
    grid-template: minmax(0, 1fr) / minmax(0, 1fr);
    gap: 8px;
    min-width: 0;
  }
  .stage {
    position: relative;
    display: grid;
    place-items: center;
    min-height: 200px;
    overflow: hidden;
    border-radius: var(--radius);
    background: var(--picture);
  }
  canvas,
  video,
  img {
    display: block;
    max-width: 100%;
    max-height: 100%;
    object-fit: contain;
  }
  canvas,
  video,
  img {
    width: 100%;
    height: 100%;
    min-height: 0;
  }
  .over {
    position: absolute;
    inset: auto 12px 12px;
    padding: 6px 10px;
    border-radius: var(--radius);
    background: rgb(0 0 0 / 72%);
    color: #fff;
    overflow-wrap: anywhere;
  }
  .line {
    position: relative;
  }
  .line input {
    display: block;
    width: 100%;
    margin: 0;
  }
  .line svg {
    display: block;
    width: calc(100% - 16px);
    height: 4px;
    margin: 0 8px;
    fill: var(--stale);
  }
  .controls {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
  }
  .controls label {
    display: flex;
    align-items: center;
    gap: 6px;
    color: var(--quiet);
  }
  .controls .first {
    min-width: 76px;
  }
  output {
    margin-left: auto;
  }
  .facts {
    color: var(--quiet);
    font-size: 12px;
    overflow-wrap: anywhere;
  }
`;
