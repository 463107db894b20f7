import { css } from "lit";

/** A name on the left, its value on the right; what needs room stands below. */
export const rowStyle = css`
  :host {
    display: block;
    min-width: 0;
  }
  .property {
    display: grid;
    grid-template-columns: minmax(90px, min(38%, 190px)) minmax(0, 1fr);
    align-items: center;
    min-height: var(--row, 0);
    gap: 2px 12px;
  }
  .property.wide {
    grid-template-columns: minmax(0, 1fr);
  }
  .name {
    display: flex;
    gap: 2px;
    overflow-wrap: anywhere;
  }
  .wide > .name {
    color: var(--quiet);
  }
  .note {
    grid-column: 1 / -1;
    font-size: 12px;
    overflow-wrap: anywhere;
  }
  .about {
    color: var(--quiet);
  }
  .name button {
    flex: none;
    min-width: 20px;
    min-height: 20px;
    margin-right: -12px; /* the gap before the value is empty */
    padding: 0;
    border: 0;
    background: none;
    color: var(--quiet);
    opacity: 0;
  }
  /* Drawn: few fonts have a sign for it. */
  .name button::before {
    content: "i";
    width: 14px;
    border: 1px solid;
    border-radius: 50%;
    font: italic 600 10px/12px serif;
    text-align: center;
  }
  .property:hover .name button,
  .name button:focus-visible,
  .name button[aria-expanded="true"] {
    opacity: 1;
  }
  @media (pointer: coarse) {
    .name button {
      min-width: 44px;
      min-height: 44px;
      margin: -12px;
      opacity: 1;
    }
  }
  .old > .value {
    filter: grayscale(1);
    opacity: 0.6;
  }
  .stale {
    color: var(--stale);
  }
  .buttons {
    display: flex;
    gap: 8px;
    margin-top: 8px;
  }
`;
